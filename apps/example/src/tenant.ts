import type { IncomingMessage } from 'node:http'
import { RequestError } from './request-error.js'

/**
 * Returns the tenant of a request from the header that the authentication layer sets.
 *
 * The client writes the body and the address of a request, so a tenant in them proves nothing. The header
 * counts only because the authentication layer overwrites the one of a client.
 *
 * @param header - in lower case; `undefined` when the service has no tenants, and then every request has none
 * @throws RequestError 401 when the header is missing, sent twice or not a name
 */
export function tenantOf(request: IncomingMessage, header: string): string
export function tenantOf(request: IncomingMessage, header: string | undefined): string | undefined
export function tenantOf(
  { rawHeaders }: IncomingMessage,
  header: string | undefined,
): string | undefined {
  if (header === undefined) return undefined
  const values = rawHeaders.filter(
    (_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === header,
  )
  const [tenant] = values
  // One of two headers may be that of the client.
  if (values.length === 1 && tenant !== undefined && /^[\w.@:-]{1,128}$/u.test(tenant))
    return tenant
  throw new RequestError(401, 'UNAUTHENTICATED', 'the request must come through the sign-in')
}
