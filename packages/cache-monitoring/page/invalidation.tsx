import { useRef, useState } from 'preact/hooks'
import type { KeyCount } from '../src/dashboard/explorer.js'
import { type ApiError, call } from './api.js'
import { count, visible } from './format.js'

interface InvalidationProps {
  readonly cache: string
  readonly pattern: string
  /** Whether the cache tags its entries with the model that computed them. */
  readonly hasModels: boolean
  readonly changed: () => void
}

/** A button that counts the keys of a pattern, and removes them after a confirmation. */
export function Invalidation({ cache, pattern, hasModels, changed }: InvalidationProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [counted, setCounted] = useState<KeyCount>()
  const [problem, setProblem] = useState<string>()
  const [tag, setTag] = useState('')
  const fail = (error: ApiError): void => setProblem(error.message)
  const ask = (): void => {
    setCounted(undefined)
    setProblem(undefined)
    dialog.current?.showModal()
    const query = new URLSearchParams({ cache, pattern })
    call<KeyCount>(`count?${query.toString()}`).then(setCounted, fail)
  }
  const invalidate = (target: { readonly pattern: string } | { readonly tag: string }): void => {
    const finish = (): void => {
      dialog.current?.close()
      changed()
    }
    call('invalidate', { cache, ...target }).then(finish, fail)
  }
  const keys =
    counted === undefined
      ? 'Counting…'
      : `${counted.isLowerBound ? 'more than ' : ''}${count(counted.count)} ${counted.count === 1 ? 'key' : 'keys'}`
  return (
    <>
      <button type="button" class="danger" disabled={pattern === ''} onClick={ask}>
        Invalidate…
      </button>
      <dialog ref={dialog} aria-labelledby="invalidate-title">
        <h2 id="invalidate-title">Invalidate entries of {cache}</h2>
        <p role="status">
          The pattern <code dir="auto">{visible(pattern)}</code> matches <b>{keys}</b>.
        </p>
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <div class="row">
          <button
            type="button"
            class="danger"
            disabled={counted === undefined || counted.count === 0}
            onClick={() => invalidate({ pattern })}
          >
            Remove {counted === undefined ? 'them' : keys}
          </button>
          <button type="button" class="plain" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
        <details>
          <summary>Invalidate a tag instead</summary>
          <p class="quiet">
            A cache removes the entries of a tag at once, and cannot count them before.
            {hasModels && (
              <>
                {' '}
                Responses of a model have the tag <code>model:</code> and its name.
              </>
            )}
          </p>
          <div class="row">
            <label class="field grows">
              Tag
              <input
                value={tag}
                dir="auto"
                onInput={({ currentTarget }) => setTag(currentTarget.value)}
              />
            </label>
            <button
              type="button"
              class="danger"
              disabled={tag === ''}
              onClick={() => invalidate({ tag })}
            >
              Invalidate the tag
            </button>
          </div>
        </details>
      </dialog>
    </>
  )
}
