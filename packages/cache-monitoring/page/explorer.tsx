import { useState } from 'preact/hooks'
import type { EntryList } from '../src/dashboard/explorer.js'
import { type ApiError, call, useApi } from './api.js'
import { Entry } from './entry.js'
import { bytes, duration, ttl, UNKNOWN } from './format.js'
import { Invalidation } from './invalidation.js'
import { InvalidationHistory } from './invalidation-history.js'
import { Problem } from './problem.js'
import { Selection } from './selection.js'
import { Table } from './table.js'

interface CacheNames {
  readonly caches: readonly { readonly name: string; readonly hasOperations: boolean }[]
}

interface Found extends EntryList {
  readonly cache: string
  readonly pattern: string
}

/** Searches, opens and removes entries. */
export function Explorer() {
  const { answer, error, reload } = useApi<CacheNames>('settings')
  const [chosen, setChosen] = useState<string>()
  const [pattern, setPattern] = useState('*')
  const [found, setFound] = useState<Found>()
  const [failure, setFailure] = useState<ApiError>()
  const [opened, setOpened] = useState<string>()
  const [changes, setChanges] = useState(0)
  const names = answer?.caches.map(({ name }) => name) ?? []
  const cache = chosen ?? names[0]
  const hasOperations = answer?.caches.some((one) => one.name === cache && one.hasOperations)

  const search = (wanted = pattern): void => {
    if (cache === undefined) return
    setPattern(wanted)
    const query = new URLSearchParams({ cache, pattern: wanted })
    const show = (list: EntryList): void => {
      setFound({ ...list, cache, pattern: wanted })
      setFailure(undefined)
    }
    call<EntryList>(`entries?${query.toString()}`).then(show, setFailure)
  }
  const changed = (): void => {
    setOpened(undefined)
    setChanges(changes + 1)
    search()
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
      {error === undefined && cache !== undefined && (
        <>
          <div class="split" data-open={opened !== undefined}>
            <section class="panel" aria-label="Search">
              <form
                class="row"
                onSubmit={(event) => {
                  event.preventDefault()
                  search()
                }}
              >
                {names.length > 1 && (
                  <label class="field">
                    Cache
                    <select
                      value={cache}
                      onChange={({ currentTarget }) => setChosen(currentTarget.value)}
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
                    value={pattern}
                    dir="auto"
                    spellcheck={false}
                    onInput={({ currentTarget }) => setPattern(currentTarget.value)}
                  />
                </label>
                <button type="submit">Search</button>
                <Invalidation cache={cache} pattern={pattern} changed={changed} />
              </form>
              <p class="quiet">
                <code>*</code> matches any characters, <code>?</code> one, <code>[ab]</code> one of
                them.
              </p>
              {hasOperations && (
                <Selection key={cache} cache={cache} found={search} failed={setFailure} />
              )}
              {failure !== undefined && <Problem error={failure} retry={() => search()} />}
              {found !== undefined && <Entries found={found} open={setOpened} />}
            </section>
            {opened !== undefined && (
              <Entry
                key={opened}
                cache={cache}
                name={opened}
                removed={changed}
                close={() => setOpened(undefined)}
              />
            )}
          </div>
          <InvalidationHistory key={changes} />
        </>
      )}
    </>
  )
}

interface EntriesProps {
  readonly found: Found
  readonly open: (key: string) => void
}

function Entries({ found: { entries, hasMore, pattern }, open }: EntriesProps) {
  return (
    <>
      <p role="status" class="quiet">
        {entries.length === 0
          ? `No key matches ${pattern}.`
          : `${entries.length} ${entries.length === 1 ? 'entry' : 'entries'}${hasMore ? ', and there are more: search for longer patterns' : ''}`}
      </p>
      {entries.length > 0 && (
        <Table
          label="Entries"
          columns={['Key', 'Remaining TTL', 'Size as JSON', 'Age']}
          numeric={[1, 2, 3]}
          rows={entries.map(({ key, ttl: seconds, jsonBytes, ageMs, error }) => ({
            key,
            cells: [
              <button type="button" class="link" dir="auto" onClick={() => open(key)}>
                {key}
              </button>,
              error ?? ttl(seconds),
              jsonBytes === undefined ? UNKNOWN : bytes(jsonBytes),
              duration(ageMs),
            ],
          }))}
        />
      )}
    </>
  )
}
