import type { CurrentState } from '../src/dashboard/overview.js'
import { dateAndTime } from './format.js'

/** Shows raised alerts and advice. */
export function Notices({ alerts, advice }: Pick<CurrentState, 'alerts' | 'advice'>) {
  return (
    <div class="notices">
      <section class="panel" aria-labelledby="alerts-title">
        <h2 id="alerts-title">Alerts</h2>
        {alerts.length === 0 && <p class="quiet">No alert is raised.</p>}
        <ul class="list">
          {alerts.map(({ name, level, message, since }) => (
            <li key={name}>
              <span class="badge" data-level={level.toLowerCase()}>
                {level.toLowerCase()}
              </span>
              <div>
                <p>{message}</p>
                <p class="quiet">since {dateAndTime(Date.parse(since))}</p>
              </div>
            </li>
          ))}
        </ul>
      </section>
      <section class="panel" aria-labelledby="advice-title">
        <h2 id="advice-title">Advice</h2>
        {advice.length === 0 && <p class="quiet">The monitor has no advice.</p>}
        <ul class="list">
          {advice.map(({ issue, severity, message, suggestions }) => (
            <li key={`${issue} ${message}`}>
              <span class="badge" data-level={severity}>
                {severity}
              </span>
              <div>
                <p>{message}</p>
                <ul class="suggestions">
                  {suggestions.map((suggestion) => (
                    <li key={suggestion}>{suggestion}</li>
                  ))}
                </ul>
              </div>
            </li>
          ))}
        </ul>
      </section>
    </div>
  )
}
