import { useRef, useState } from 'preact/hooks'
import { useApi } from './api.js'
import { Entries } from './entries.js'
import { Entry } from './entry.js'
import { Invalidation } from './invalidation.js'
import { InvalidationHistory } from './invalidation-history.js'
import { Problem } from './problem.js'
import { Selection } from './selection.js'

interface CacheNames {
  readonly caches: readonly { readonly name: string; readonly hasOperations: boolean }[]
}

/** Searches, opens and removes entries. */
export function Explorer() {
  const { answer, error, reload } = useApi<CacheNames>('settings')
  const [chosen, setChosen] = useState<string>()
  const [pattern, setPattern] = useState('*')
  const [search, setSearch] = useState({ pattern: '*', number: 0 })
  const [opened, setOpened] = useState<string>()
  const input = useRef<HTMLInputElement>(null)
  const names = answer?.caches.map(({ name }) => name) ?? []
  const cache = chosen ?? names[0]
  const hasOperations = answer?.caches.some((one) => one.name === cache && one.hasOperations)

  const show = (wanted: string): void => {
    setPattern(wanted)
    setSearch({ pattern: wanted, number: search.number + 1 })
  }
  const choose = (name: string): void => {
    setChosen(name)
    setOpened(undefined)
  }
  const close = (): void => {
    setOpened(undefined)
    // The focus would otherwise be lost with the entry.
    input.current?.focus()
  }
  const removed = (): void => {
    close()
    show(search.pattern)
  }
  return (
    <>
      <div class="bar">
        <h1>Explorer</h1>
      </div>
      {error !== undefined && <Problem error={error} retry={reload} />}
      {answer !== undefined && error === undefined && cache === undefined && (
        <p class="panel">
          The dashboard has no cache. Pass the option <code>caches</code> to search their entries.
        </p>
      )}
      {error?.status !== 401 && cache !== undefined && (
        <>
          <div class="split" data-open={opened !== undefined}>
            <section class="panel" aria-label="Search">
              <form
                class="row"
                onSubmit={(event) => {
                  event.preventDefault()
                  show(pattern)
                }}
              >
                {names.length > 1 && (
                  <label class="field">
                    Cache
                    <select
                      value={cache}
                      onChange={({ currentTarget }) => choose(currentTarget.value)}
                    >
                      {names.map((name) => (
                        <option key={name}>{name}</option>
                      ))}
                    </select>
                  </label>
                )}
                <label class="field grows">
                  Keys that match
                  <input
                    ref={input}
                    value={pattern}
                    dir="auto"
                    spellcheck={false}
                    onInput={({ currentTarget }) => setPattern(currentTarget.value)}
                  />
                </label>
                <button type="submit">Search</button>
                <Invalidation
                  cache={cache}
                  pattern={pattern}
                  hasModels={hasOperations === true}
                  changed={removed}
                />
              </form>
              <p class="quiet">
                <code>*</code> matches any characters, <code>?</code> one, <code>[ab]</code> one of
                them.
              </p>
              {hasOperations && <Selection key={cache} cache={cache} found={show} />}
              <Entries
                key={`${cache} ${search.number}`}
                cache={cache}
                pattern={search.pattern}
                open={setOpened}
              />
            </section>
            {opened !== undefined && (
              <Entry key={opened} cache={cache} name={opened} removed={removed} close={close} />
            )}
          </div>
          <InvalidationHistory key={search.number} />
        </>
      )}
    </>
  )
}
