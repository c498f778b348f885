import { invalidArgument, ValidationError } from '@verbatim/cache-core'

/** An address for messages and examples. */
export const SOME_PAGE = 'http://127.0.0.1:3000/metrics'

/**
 * Returns the address of a page with metrics, without spaces around it.
 *
 * @throws ValidationError that names the rule, without the address: it may hold a password
 */
export function metricsUrl(value: unknown): string {
  if (typeof value !== 'string') throw invalidArgument('url', 'a string', value)
  const url = value.trim()
  if (!/^https?:\/\//i.test(url)) {
    const received = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? 'another scheme' : 'no http://'
    throw new ValidationError(
      `url must begin with http:// or https://, such as ${SOME_PAGE}; received ${received}`,
    )
  }
  if (URL.canParse(url)) return url
  throw new ValidationError(
    `url must have a host and, if any, a port from 0 to 65535, such as ${SOME_PAGE}; received another text`,
  )
}
