/** The failure of a request, with a message that is safe to send to the client. */
export class RequestError extends Error {
  readonly statusCode: number
  readonly code: string
  readonly field: string | undefined

  constructor(statusCode: number, code: string, message: string, field?: string) {
    super(message)
    this.name = 'RequestError'
    this.statusCode = statusCode
    this.code = code
    this.field = field
  }
}
