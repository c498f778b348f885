import type { EntryList } from '../src/dashboard/explorer.js'
import { useApi } from './api.js'
import { bytes, count, duration, ttl, visible } from './format.js'
import { Problem } from './problem.js'
import { Table } from './table.js'

interface EntriesProps {
  readonly cache: string
  readonly pattern: string
  readonly open: (key: string) => void
}

/** Searches the entries of a cache whose keys match a pattern, and lists them. */
export function Entries({ cache, pattern, open }: EntriesProps) {
  const query = new URLSearchParams({ cache, pattern })
  const { answer, error, reload } = useApi<EntryList>(`entries?${query.toString()}`)
  if (error !== undefined) return <Problem error={error} retry={reload} />
  if (answer === undefined) return null
  const { entries, hasMore } = answer
  return (
    <>
      <p role="status" class="quiet">
        {entries.length === 0
          ? `No key matches ${visible(pattern)}.`
          : `${count(entries.length)} ${entries.length === 1 ? 'entry' : 'entries'}${hasMore ? ', and there are more: search for a longer pattern' : ''}`}
      </p>
      {entries.length > 0 && (
        <Table
          label="Entries"
          columns={['Key', 'Remaining TTL', 'Size as JSON', 'Age', 'Recent hits']}
          numeric={[1, 2, 3, 4]}
          rows={entries.map(({ key, ttl: seconds, jsonBytes, ageMs, hits, error: code }) => ({
            key,
            cells: [
              <button type="button" class="link" dir="auto" onClick={() => open(key)}>
                {visible(key)}
              </button>,
              code ?? ttl(seconds),
              bytes(jsonBytes),
              duration(ageMs),
              count(hits),
            ],
          }))}
        />
      )}
    </>
  )
}
