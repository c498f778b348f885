import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { describeBug } from '@verbatim/cache-monitoring/dashboard'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RequestError } from './request-error.js'

export const BODY_LIMIT_BYTES = 1024 * 1024

/** Sends every failure as an object `error` with `code`, `message` and, for a field, `field`. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((_request, reply) => {
    send(reply, nothingHere())
  })
}

export function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const sent = requestErrorOf(error)
  if (sent.statusCode === 500) {
    const { method, url = 'an unknown address' } = request.routeOptions
    request.log.error(`${String(method)} ${url} failed: ${describeBug(error)}`)
  }
  if (sent.statusCode === 503) void reply.header('retry-after', '1')
  send(reply, sent)
}

/** Sends an error for bytes that are not an HTTP request, and for a request that arrives too slowly. */
export function answerMalformedRequest(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const { statusCode, code, message } = malformed(error.code)
  const body = JSON.stringify({ error: { code, message } })
  const head = [
    `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function send(reply: FastifyReply, { statusCode, code, message, field }: RequestError): void {
  const error = field === undefined ? { code, message } : { code, message, field }
  void reply.status(statusCode).send({ error })
}

// Fastify's messages quote the request, and messages of bugs may quote anything.
function requestErrorOf(error: FastifyError): RequestError {
  if (error instanceof RequestError) return error
  if (error.code === 'FST_ERR_BAD_URL') return nothingHere()
  // The signal of `requestSignal` has these two names.
  if (error.name === 'AbortError') return clientLeft()
  if (error.name === 'TimeoutError') {
    return new RequestError(503, 'TIMEOUT', 'the analysis took too long and was stopped')
  }
  switch (error.statusCode ?? 500) {
    case 400:
      return new RequestError(400, 'INVALID_JSON', 'the body must be a JSON object')
    case 403:
    case 404:
      return nothingHere()
    case 413:
      return new RequestError(413, 'BODY_TOO_LARGE', 'the body must be at most 1 MiB')
    case 415:
      return new RequestError(
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        'the body must be sent with content-type application/json',
      )
    default:
      return new RequestError(500, 'INTERNAL_ERROR', 'something went wrong on our side')
  }
}

function malformed(code: string | undefined): RequestError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new RequestError(431, 'HEADERS_TOO_LARGE', 'the headers must be at most 16 KiB')
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new RequestError(408, 'REQUEST_TIMEOUT', 'the request must arrive within 30 seconds')
  }
  return new RequestError(400, 'INVALID_HTTP', 'the request must be HTTP/1.1')
}

function nothingHere(): RequestError {
  return new RequestError(404, 'NOT_FOUND', 'there is nothing at this address')
}

/** Returns an error that no client receives. Web servers log status 499 for this case. */
function clientLeft(): RequestError {
  return new RequestError(499, 'CLIENT_LEFT', 'the client closed the connection')
}
