import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

const KEY_NAME = 'verbatim-dashboard-key'
/** The time after which a load that failed is repeated. */
const RETRY_MS = 5_000
const AWAY = 'The server does not answer.'

/** An answer of the server that is not a success. */
export class ApiError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }

  /** Whether the server may answer a little later. */
  get isAway(): boolean {
    return this.status === 0 || this.status >= 500
  }
}

/** The API key where the browser forbids the storage of tabs. */
let keyOfPage: string | null = null

export function storedKey(): string | null {
  try {
    return sessionStorage.getItem(KEY_NAME) ?? keyOfPage
  } catch {
    return keyOfPage
  }
}

/** Stores the API key until the tab is closed; `null` forgets it. */
export function storeKey(key: string | null): void {
  keyOfPage = key
  try {
    if (key === null) sessionStorage.removeItem(KEY_NAME)
    else sessionStorage.setItem(KEY_NAME, key)
  } catch {
    // The key stays until the page is closed or reloaded.
  }
}

/** Sends a request with the API key. */
export async function call<Answer>(path: string, body?: object): Promise<Answer> {
  const key = storedKey()
  if (key !== null && !/^[\x21-\x7e]+$/.test(key)) throw new ApiError(401, 'The key is wrong.')
  const response = await fetch(`api/${path}`, {
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  }).catch(() => {
    throw new ApiError(0, AWAY)
  })
  const answer = await response.json().catch(() => undefined)
  if (response.ok && answer !== undefined) return answer as Answer
  // Proxies answer with pages of their own.
  const unknown = `The answer did not come from the dashboard (status ${response.status}).`
  throw new ApiError(response.ok ? 0 : response.status, answer?.error?.message ?? unknown)
}

interface Loaded<Answer> {
  readonly answer: Answer | undefined
  readonly error: ApiError | undefined
  readonly reload: () => void
}

/**
 * Loads an address now, and again after an interval in milliseconds. The newest answer wins. A load that failed
 * is repeated while the server does not answer.
 */
export function useApi<Answer>(path: string | undefined, everyMs?: number): Loaded<Answer> {
  const [answer, setAnswer] = useState<Answer>()
  const [error, setError] = useState<ApiError>()
  const newest = useRef(0)
  const isAway = useRef(false)
  const reload = useCallback(() => {
    if (path === undefined) return
    const number = ++newest.current
    const show = (loaded: Answer): void => {
      if (number !== newest.current) return
      isAway.current = false
      setAnswer(loaded)
      setError(undefined)
    }
    const fail = (failure: ApiError): void => {
      if (number !== newest.current) return
      isAway.current = failure.isAway
      const isLost = failure.message === AWAY
      setError(isLost ? new ApiError(0, `${AWAY} The page tries again in a moment.`) : failure)
    }
    call<Answer>(path).then(show, fail)
  }, [path])
  useEffect(() => {
    reload()
    const timer = setInterval(() => {
      const isDue = everyMs !== undefined || isAway.current
      if (isDue && !document.hidden) reload()
    }, everyMs ?? RETRY_MS)
    return () => clearInterval(timer)
  }, [reload, everyMs])
  return { answer, error, reload }
}
