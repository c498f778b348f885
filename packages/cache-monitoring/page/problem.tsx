import { useState } from 'preact/hooks'
import { type ApiError, storedKey, storeKey } from './api.js'

interface ProblemProps {
  readonly error: ApiError
  /** Called when a new key is stored. */
  readonly retry: () => void
}

/** Shows why a request failed, and asks for the API key if it is missing or wrong. */
export function Problem({ error, retry }: ProblemProps) {
  const [key, setKey] = useState('')
  if (error.status !== 401) {
    return (
      <p class="panel problem" role="alert">
        {sentence(error.message)}
      </p>
    )
  }
  return (
    <form
      class="panel key-form"
      onSubmit={(event) => {
        event.preventDefault()
        storeKey(key.trim())
        setKey('')
        retry()
      }}
    >
      <h2>API key</h2>
      <p class="quiet">
        This page shows cached data. The key is in the option <code>apiKey</code> of the dashboard.
        It stays in this tab until you close it.
      </p>
      {storedKey() !== null && (
        <p class="problem" role="alert">
          This key is wrong.
        </p>
      )}
      <div class="row">
        <label class="field">
          Key
          <input
            type="password"
            autocomplete="off"
            value={key}
            onInput={({ currentTarget }) => setKey(currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={key.trim() === ''}>
          Open
        </button>
      </div>
    </form>
  )
}

function sentence(message: string): string {
  const start = message.slice(0, 1).toUpperCase() + message.slice(1)
  return start.endsWith('.') ? start : `${start}.`
}
