import { CacheError, ValidationError } from '@verbatim/cache-core'

/** An error that the client of a route caused, or can do something about. */
export class RouteError extends Error {
  override readonly name = 'RouteError'
  readonly status: number
  readonly code: string
  /** Headers of the response beside those of every failure. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** Returns the error of a request with another method than the address accepts. */
export function wrongMethod(allowed: 'GET' | 'POST'): RouteError {
  const headers = { allow: allowed === 'GET' ? 'GET, HEAD' : allowed }
  return new RouteError(405, 'METHOD_NOT_ALLOWED', `this address takes ${allowed} only`, headers)
}

/**
 * Returns the response to a failure: JSON with `error.code` and `error.message`, and no stack.
 *
 * @param reportBug - called with an error that no route expects
 */
export function errorResponse(error: unknown, reportBug: (error: unknown) => void): Response {
  const { status, code, message, headers } = routeErrorOf(error, reportBug)
  return Response.json(
    { error: { code, message } },
    { status, headers: { 'cache-control': 'no-store', ...headers } },
  )
}

function routeErrorOf(error: unknown, reportBug: (error: unknown) => void): RouteError {
  if (error instanceof RouteError) return error
  if (error instanceof ValidationError) return new RouteError(400, error.code, error.message)
  if (error instanceof CacheError) return new RouteError(503, error.code, error.message)
  reportBug(error)
  return new RouteError(500, 'INTERNAL_ERROR', 'the dashboard failed; its log has the reason')
}
