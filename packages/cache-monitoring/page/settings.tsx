import type { CacheState } from '../src/dashboard/overview.js'
import { forgetKey, useApi } from './api.js'
import { Fact } from './entry.js'
import { bytes, count, duration } from './format.js'
import { Problem } from './problem.js'

interface SettingsAnswer {
  readonly monitor: string
  readonly node: string
  readonly processId: number
  readonly uptimeSeconds: number
  readonly retentionHours: number
  readonly thresholds?: { readonly warning: number; readonly critical: number }
  readonly caches: readonly (CacheState & { readonly type: string })[]
  readonly links: Readonly<Record<string, string>>
}

/** Shows the settings of the process, the monitor and the caches. */
export function Settings() {
  const { answer, error, reload } = useApi<SettingsAnswer>('settings')
  return (
    <>
      <div class="bar">
        <h1>Settings</h1>
      </div>
      {error !== undefined && <Problem error={error} retry={reload} />}
      {answer !== undefined && error === undefined && (
        <div class="notices">
          <section class="panel">
            <h2>Process and monitor</h2>
            <dl class="facts">
              <Fact name="Node" value={answer.node} />
              <Fact name="Process" value={String(answer.processId)} />
              <Fact name="Running for" value={duration(answer.uptimeSeconds * 1000)} />
              <Fact name="Monitor" value={answer.monitor} />
              <Fact name="Measurements are retained for" value={`${answer.retentionHours} h`} />
              {answer.thresholds !== undefined && (
                <>
                  <Fact name="Memory warning" value={bytes(answer.thresholds.warning)} />
                  <Fact name="Memory critical" value={bytes(answer.thresholds.critical)} />
                </>
              )}
            </dl>
          </section>
          {answer.caches.map((cache) => (
            <section class="panel" key={cache.name}>
              <h2>{cache.name}</h2>
              <dl class="facts">
                <Fact name="Class" value={cache.type} />
                <Fact name="Mode" value={cache.mode} />
                {cache.maxEntries !== undefined && (
                  <Fact name="Most entries in memory" value={count(cache.maxEntries)} />
                )}
                {cache.maxBytes !== undefined && (
                  <Fact name="Most bytes in memory" value={bytes(cache.maxBytes)} />
                )}
              </dl>
            </section>
          ))}
          <section class="panel">
            <h2>More</h2>
            <ul class="links">
              {Object.entries(answer.links).map(([title, address]) => (
                <li key={title}>
                  <a href={address}>{title}</a>
                </li>
              ))}
            </ul>
            <button
              type="button"
              class="plain"
              onClick={() => {
                forgetKey()
                reload()
              }}
            >
              Forget the API key
            </button>
          </section>
        </div>
      )}
    </>
  )
}
