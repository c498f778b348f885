import type { CacheSettings } from '../src/dashboard/cache-settings.js'
import { storeKey, useApi } from './api.js'
import { MODES } from './cache-table.js'
import { Fact } from './entry.js'
import { bytes, count, duration, ttl } from './format.js'
import { Problem } from './problem.js'

interface SettingsAnswer {
  readonly monitor: string
  readonly node: string
  readonly processId: number
  readonly uptimeSeconds: number
  readonly retentionHours: number
  readonly thresholds?: { readonly warning: number; readonly critical: number }
  readonly caches: readonly CacheSettings[]
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
      {answer !== undefined && error?.status !== 401 && (
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
                {factsOf(cache).map(([name, value]) => (
                  <Fact key={name} name={name} value={value} />
                ))}
              </dl>
              {cache.lastError !== undefined && <p class="problem">{cache.lastError}</p>}
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
                storeKey(null)
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

/** Lists the settings that a cache has. */
function factsOf(cache: CacheSettings): ReadonlyArray<readonly [name: string, value: string]> {
  const { defaultTtl, maxEntries, maxBytes, keyStyle, scripting } = cache
  const { redisUsedBytes, redisClients } = cache
  const facts: ReadonlyArray<readonly [string, string | undefined]> = [
    ['Class', cache.type],
    ['Stores in', MODES[cache.mode] ?? cache.mode],
    ['Default TTL', defaultTtl === undefined ? undefined : ttl(defaultTtl)],
    ['Most entries in memory', maxEntries === undefined ? undefined : count(maxEntries)],
    ['Most memory', maxBytes === undefined ? undefined : bytes(maxBytes)],
    ['Keys', keyStyle],
    ['Operations in Redis', scripting === 'commands' ? 'plain commands' : scripting],
    ['Memory of Redis', redisUsedBytes === undefined ? undefined : bytes(redisUsedBytes)],
    ['Clients of Redis', redisClients === undefined ? undefined : count(redisClients)],
  ]
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
}
