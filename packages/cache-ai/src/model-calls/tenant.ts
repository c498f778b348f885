import type { KeyObject } from 'node:crypto'
import { describeReceived, invalidArgument } from '@verbatim/cache-core/implement'
import { digestWith } from '../keys/key-secret.js'

/**
 * The tenant of answers that every caller may receive. A registered symbol, because a process may load this
 * module both as an ECMAScript module and as CommonJS.
 */
export const SHARED: unique symbol = Symbol.for('@verbatim/cache-ai/SHARED') as never

/** The owner of answers: a name of 1 to 128 characters, or {@link SHARED} for answers without an owner. */
export type Tenant = string | typeof SHARED

const LONGEST_TENANT = 128
const RULE = `a string of 1 to ${LONGEST_TENANT} characters, or SHARED`

/** @throws ValidationError (`INVALID_ARGUMENT`) for anything but a {@link Tenant} */
export function assertModelTenant(tenant: unknown): asserts tenant is Tenant {
  if (tenant === SHARED) return
  const isName = typeof tenant === 'string' && tenant !== '' && tenant.length <= LONGEST_TENANT
  if (isName && tenant.isWellFormed()) return
  throw invalidArgument('tenant', RULE, tenant, {
    received:
      typeof tenant === 'string' && tenant !== '' ? 'another string' : describeReceived(tenant),
  })
}

/** Returns the part of a key for a tenant, which does not show the name. */
export function tenantDigest(tenant: Tenant, secret?: KeyObject): string {
  if (tenant === SHARED) return 'shared'
  return digestWith(secret, 'sha256', `tenant:${tenant}`).slice(0, 22)
}
