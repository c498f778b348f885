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
      <Part name="Operation" value={operation} changed={setOperation} />
      <Part name="Tenant" value={tenant} changed={setTenant} />
      <button type="submit">Show its entries</button>
    </form>
  )
}

interface PartProps {
  readonly name: string
  readonly value: string
  readonly changed: (value: string) => void
}

/** A part of a selection. Empty, it selects everything. */
function Part({ name, value, changed }: PartProps) {
  return (
    <label class="field">
      {name}
      <input
        value={value}
        placeholder="all"
        dir="auto"
        spellcheck={false}
        onInput={({ currentTarget }) => changed(currentTarget.value)}
      />
    </label>
  )
}
