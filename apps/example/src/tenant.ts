import type { IncomingMessage } from 'node:http'
import { RequestError } from './request-error.js'

/**
 * Returns the tenant of a request from the header that the authentication layer sets.
 *
 * The body and the address of a request are the client's own words, so a tenant in them proves
 * nothing. The header counts only because the authentication layer overwrites what a client sends.
 *
 * @throws RequestError 401 when the header is missing, sent twice or not a name
 */
export function tenantOf({ rawHeaders }: IncomingMessage, header: string): string {
  const values = rawHeaders.filter(
    (_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === header,
  )
  const [tenant] = values
  // A header that comes twice may be the client's next to that of the authentication layer.
  if (values.length === 1 && tenant !== undefined && /^[\w.@:-]{1,128}$/u.test(tenant))
    return tenant
  throw new RequestError(401, 'UNAUTHENTICATED', 'the request must come through the sign-in')
}
