import { useEffect, useRef, useState } from 'preact/hooks'
import type { OpenedEntry } from '../src/dashboard/explorer.js'
import { type ApiError, call, useApi } from './api.js'
import { bytes, count, duration, ttl, visible } from './format.js'
import { Problem } from './problem.js'

/** The most characters of a value on the page, because a browser takes seconds to lay out a megabyte. */
const MOST_SHOWN = 200_000

interface EntryProps {
  readonly cache: string
  /** The key of the entry. */
  readonly name: string
  readonly removed: () => void
  readonly close: () => void
}

/** Shows one entry. Its value shows its structure alone until the user asks for more. */
export function Entry({ cache, name, removed, close }: EntryProps) {
  const [isRevealed, setIsRevealed] = useState(false)
  const [failure, setFailure] = useState<ApiError>()
  const title = useRef<HTMLHeadingElement>(null)
  const query = new URLSearchParams({ cache, key: name, reveal: String(isRevealed) })
  const { answer, error, reload } = useApi<OpenedEntry>(`entry?${query.toString()}`)
  useEffect(() => title.current?.focus(), [])
  const remove = (): void => {
    call('delete', { cache, key: name }).then(removed, setFailure)
  }
  const problem = failure ?? error
  return (
    <section class="panel entry" aria-labelledby="entry-title">
      <h2 id="entry-title" ref={title} tabIndex={-1}>
        Entry
      </h2>
      <code class="key" dir="auto">
        {visible(name)}
      </code>
      {problem !== undefined && <Problem error={problem} retry={reload} />}
      {answer !== undefined && (
        <>
          <dl class="facts">
            <Fact name="Remaining TTL" value={ttl(answer.ttl)} />
            <Fact name="Age" value={duration(answer.ageMs)} />
            <Fact name="Size as JSON" value={bytes(answer.jsonBytes)} />
            <Fact name="Recent hits" value={count(answer.hits)} />
          </dl>
          <Value entry={answer} />
        </>
      )}
      <div class="row">
        <button type="button" onClick={() => setIsRevealed(!isRevealed)}>
          {isRevealed ? 'Hide value' : 'Show value'}
        </button>
        <button type="button" class="danger" onClick={remove}>
          Delete
        </button>
        <button type="button" class="plain" onClick={close}>
          Close
        </button>
      </div>
    </section>
  )
}

function Value({ entry: { value, error } }: { readonly entry: OpenedEntry }) {
  const text = error === undefined ? JSON.stringify(value, null, 2) : `cannot be read: ${error}`
  const shown = text?.slice(0, MOST_SHOWN) ?? 'expired'
  return (
    <>
      <pre class="value-text" tabIndex={0} dir="auto" role="region" aria-label="Value">
        {shown}
      </pre>
      {text !== undefined && text.length > MOST_SHOWN && (
        <p class="quiet">
          The first {count(MOST_SHOWN)} of {count(text.length)} characters.
        </p>
      )}
    </>
  )
}

export function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
