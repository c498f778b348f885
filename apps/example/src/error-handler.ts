import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RequestError } from './request-error.js'

export const BODY_LIMIT_BYTES = 1024 * 1024

/** Answers every failure as `{ error: { code, message, field? } }`. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((_request, reply) => {
    send(reply, nothingHere())
  })
}

export function answerError(
  error: FastifyError,
  _request: FastifyRequest,
  reply: FastifyReply,
): void {
  const told = toldAs(error)
  // The one who asked learns nothing of a bug of ours; the one who runs the service must.
  if (told.statusCode >= 500) console.error(error)
  send(reply, told)
}

function send(reply: FastifyReply, { statusCode, code, message, field }: RequestError): void {
  const error = field === undefined ? { code, message } : { code, message, field }
  void reply.status(statusCode).send({ error })
}

// Fastify's own messages quote what they refuse, and those of a bug may quote anything.
function toldAs(error: FastifyError): RequestError {
  if (error instanceof RequestError) return error
  if (error.code === 'FST_ERR_BAD_URL') return nothingHere()
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

function nothingHere(): RequestError {
  return new RequestError(404, 'NOT_FOUND', 'there is nothing at this address')
}
