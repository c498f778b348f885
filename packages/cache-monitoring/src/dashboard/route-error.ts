import { CacheError, ValidationError } from '@verbatim/cache-core'

/** An error that the client of a route caused, or can do something about. */
export class RouteError extends Error {
  override readonly name = 'RouteError'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/**
 * Returns the response to a failure: JSON with `error.code` and `error.message`, and no stack.
 *
 * @param reportBug - called with an error that no route expects
 */
export function errorResponse(error: unknown, reportBug: (error: unknown) => void): Response {
  const { status, code, message } = routeErrorOf(error, reportBug)
  const headers = new Headers({ 'cache-control': 'no-store' })
  if (status === 401) headers.set('www-authenticate', 'Bearer')
  return Response.json({ error: { code, message } }, { status, headers })
}

function routeErrorOf(error: unknown, reportBug: (error: unknown) => void): RouteError {
  if (error instanceof RouteError) return error
  if (error instanceof ValidationError) return new RouteError(400, error.code, error.message)
  if (error instanceof CacheError) return new RouteError(503, error.code, error.message)
  reportBug(error)
  return new RouteError(500, 'INTERNAL_ERROR', 'the dashboard failed; its log has the reason')
}
