import { useState } from 'preact/hooks'
import { type ApiError, call } from './api.js'
import { Problem } from './problem.js'

interface SelectionProps {
  readonly cache: string
  /** Called with the glob of the selected keys. */
  readonly found: (pattern: string) => void
}

/** Searches the responses of an operation, of a tenant, or of both. */
export function Selection({ cache, found }: SelectionProps) {
  const [operation, setOperation] = useState('')
  const [tenant, setTenant] = useState('')
  const [failure, setFailure] = useState<ApiError>()
  const select = (): void => {
    const query = new URLSearchParams({ cache, operation, tenant })
    const show = ({ pattern }: { readonly pattern: string }): void => {
      setFailure(undefined)
      found(pattern)
    }
    call<{ readonly pattern: string }>(`pattern?${query.toString()}`).then(show, setFailure)
  }
  return (
    <>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault()
          select()
        }}
      >
        <Part name="Operation" value={operation} changed={setOperation} />
        <Part name="Tenant" value={tenant} changed={setTenant} />
        <button type="submit">Show entries</button>
      </form>
      {failure !== undefined && <Problem error={failure} retry={select} />}
    </>
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
