import { useState } from 'preact/hooks'
import { type ApiError, call } from './api.js'

interface SelectionProps {
  readonly cache: string
  /** Called with the glob of the selected keys. */
  readonly found: (pattern: string) => void
  readonly failed: (error: ApiError) => void
}

/** Searches the responses of an operation, of a tenant, or of both. */
export function Selection({ cache, found, failed }: SelectionProps) {
  const [operation, setOperation] = useState('')
  const [tenant, setTenant] = useState('')
  const select = (): void => {
    const query = new URLSearchParams({ cache, operation, tenant })
    call<{ readonly pattern: string }>(`pattern?${query.toString()}`).then(
      ({ pattern }) => found(pattern),
      failed,
    )
  }
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault()
        select()
      }}
    >
      <label class="field">
        Operation
        <input
          value={operation}
          placeholder="all"
          dir="auto"
          spellcheck={false}
          onInput={({ currentTarget }) => setOperation(currentTarget.value)}
        />
      </label>
      <label class="field">
        Tenant
        <input
          value={tenant}
          placeholder="all"
          dir="auto"
          spellcheck={false}
          onInput={({ currentTarget }) => setTenant(currentTarget.value)}
        />
      </label>
      <button type="submit">Show its entries</button>
    </form>
  )
}
