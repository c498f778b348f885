import type { ServerResponse } from 'node:http'

/**
 * Returns a signal that aborts when the client closes the connection before the response, or after a time
 * limit in milliseconds.
 *
 * Fastify's `request.signal` and `handlerTimeout` listen for the end of the request. In Node 20 that event
 * occurs as soon as the body has been read.
 */
export function requestSignal(response: ServerResponse, timeoutMs: number): AbortSignal {
  const controller = new AbortController()
  const timer = setTimeout(() => {
    controller.abort(new DOMException('the time limit has passed', 'TimeoutError'))
  }, timeoutMs)
  response.once('close', () => {
    clearTimeout(timer)
    if (!response.writableFinished) controller.abort()
  })
  return controller.signal
}
