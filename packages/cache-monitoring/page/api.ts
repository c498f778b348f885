import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

const KEY_NAME = 'verbatim-dashboard-key'

/** An answer of the server that is not a success. */
export class ApiError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export function storedKey(): string | null {
  return sessionStorage.getItem(KEY_NAME)
}

/** Stores the API key until the tab is closed. */
export function storeKey(key: string): void {
  sessionStorage.setItem(KEY_NAME, key)
}

export function forgetKey(): void {
  sessionStorage.removeItem(KEY_NAME)
}

/** Sends a request with the API key. */
export async function call<Answer>(path: string, body?: object): Promise<Answer> {
  const key = storedKey()
  const response = await fetch(`api/${path}`, {
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  }).catch(() => {
    throw new ApiError(0, 'The server does not answer.')
  })
  const answer = await response.json().catch(() => undefined)
  if (response.ok) return answer as Answer
  throw new ApiError(response.status, answer?.error?.message ?? `Status ${response.status}`)
}

interface Loaded<Answer> {
  readonly answer: Answer | undefined
  readonly error: ApiError | undefined
  readonly reload: () => void
}

/** Loads an address now, and again after an interval in milliseconds. The newest answer wins. */
export function useApi<Answer>(path: string | undefined, everyMs?: number): Loaded<Answer> {
  const [answer, setAnswer] = useState<Answer>()
  const [error, setError] = useState<ApiError>()
  const newest = useRef(0)
  const reload = useCallback(() => {
    if (path === undefined) return
    const number = ++newest.current
    const show = (loaded: Answer): void => {
      if (number !== newest.current) return
      setAnswer(loaded)
      setError(undefined)
    }
    const fail = (failure: ApiError): void => {
      if (number === newest.current) setError(failure)
    }
    call<Answer>(path).then(show, fail)
  }, [path])
  useEffect(() => {
    reload()
    if (everyMs === undefined) return undefined
    const timer = setInterval(() => {
      if (!document.hidden) reload()
    }, everyMs)
    return () => clearInterval(timer)
  }, [reload, everyMs])
  return { answer, error, reload }
}
