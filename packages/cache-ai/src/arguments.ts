import { ValidationError } from '@verbatim/cache-core'
import { assertKnownFields, describeType, isPlainObject } from '@verbatim/cache-core/implement'

/** In UTF-16 units; escaped three for one, both together still fit into a pattern. */
export const LONGEST_OPERATION = 64
const LONGEST_TENANT = 128

const REQUEST_FIELDS: ReadonlySet<string> = new Set([
  'text',
  'operation',
  'options',
  'question',
  'tenant',
])
const RESPONSE_FIELDS: ReadonlySet<string> = new Set([...REQUEST_FIELDS, 'response', 'ttl', 'tags'])
const INVALIDATION_FIELDS: ReadonlySet<string> = new Set(['reason', 'operationContext'])
const OPERATION_INVALIDATION_FIELDS: ReadonlySet<string> = new Set([
  'reason',
  'operationContext',
  'tenant',
])
const STATS_FIELDS: ReadonlySet<string> = new Set(['countKeys'])

export function assertRequest(request: unknown): void {
  assertKnownFields(request, REQUEST_FIELDS, 'request')
}

/** @throws ValidationError unless it is an array of requests */
export function assertRequests(requests: unknown): void {
  if (!Array.isArray(requests)) throw invalid('requests', requests, 'an array of requests')
  for (const [index, request] of requests.entries()) {
    assertKnownFields(request, REQUEST_FIELDS, `requests[${index}]`)
  }
}

export function assertAnswered(answered: unknown): void {
  assertKnownFields(answered, RESPONSE_FIELDS, 'request')
}

/**
 * Refuses an object after the arguments of a method. Code without types may mean it as options, and ignoring
 * a tenant would remove the responses of all tenants.
 *
 * @throws ValidationError that names the fields of the object
 */
export function assertNoOptions(method: string, options: unknown): void {
  if (!isPlainObject(options)) return
  const fields = Object.keys(options).filter((name) => /^\w{1,40}$/.test(name))
  const received = ['an object', ...(fields.length > 0 ? ['with', fields.join(', ')] : [])].join(
    ' ',
  )
  throw new ValidationError(`${method} must be called without options; received ${received}`, {
    code: 'INVALID_ARGUMENT',
    context: { argument: 'options', received },
  })
}

/** Checks the options of an invalidation. Its reason is a label in exports. */
export function assertInvalidation(
  options: unknown,
  { hasTenant = false }: { readonly hasTenant?: boolean } = {},
): void {
  const known = hasTenant ? OPERATION_INVALIDATION_FIELDS : INVALIDATION_FIELDS
  assertKnownFields(options, known, 'options')
  for (const name of ['reason', 'operationContext']) {
    const reason = (options as Readonly<Record<string, unknown>>)[name]
    if (reason === undefined || typeof reason === 'string') continue
    throw invalid(name, reason, 'a string, or undefined for none')
  }
}

export function assertStatsOptions(options: unknown): void {
  assertKnownFields(options, STATS_FIELDS, 'options')
  const { countKeys } = options as { readonly countKeys?: unknown }
  if (countKeys === undefined || typeof countKeys === 'boolean') return
  throw invalid('countKeys', countKeys, 'true or false')
}

export function assertText(
  text: unknown,
  { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {},
): asserts text is string {
  if (typeof text === 'string' && (text !== '' || mayBeEmpty)) return
  throw invalid('text', text, mayBeEmpty ? 'a string' : 'a non-empty string')
}

/** Returns whether a request can have this operation. */
export function isOperation(operation: unknown): operation is string {
  return (
    typeof operation === 'string' &&
    operation !== '' &&
    operation.length <= LONGEST_OPERATION &&
    operation.isWellFormed()
  )
}

export function assertOperation(operation: unknown): asserts operation is string {
  if (isOperation(operation)) return
  throw invalid('operation', operation, `a string of 1 to ${LONGEST_OPERATION} characters`)
}

export function assertOptions(options: unknown): void {
  if (isPlainObject(options)) return
  throw invalid('options', options, 'a plain object')
}

export function assertQuestion(question: unknown): void {
  if (question === undefined || typeof question === 'string') return
  throw invalid('question', question, 'a string, or undefined for none')
}

export function assertTenant(
  tenant: unknown,
  { isNeeded = false }: { readonly isNeeded?: boolean } = {},
): void {
  const isUsable =
    (tenant === undefined && !isNeeded) ||
    (typeof tenant === 'string' &&
      tenant !== '' &&
      tenant.length <= LONGEST_TENANT &&
      tenant.isWellFormed())
  if (isUsable) return
  const allowed = `a string of 1 to ${LONGEST_TENANT} characters`
  throw invalid('tenant', tenant, isNeeded ? allowed : `${allowed}, or undefined for none`)
}

/** Keys of the Python version have no tenants, so all tenants would share them. */
export function assertNoTenant(tenant: string | undefined): void {
  if (tenant === undefined) return
  throw invalid('tenant', tenant, 'undefined, because legacy keys have no tenants')
}

export function assertModel(model: unknown): asserts model is string {
  if (typeof model === 'string' && model !== '') return
  throw invalid('model', model, 'a non-empty string')
}

export function assertResponse(response: unknown): void {
  if (response !== undefined) return
  throw invalid('response', response, 'any value but undefined')
}

function invalid(argument: string, value: unknown, rule: string): ValidationError {
  const shown = value === '' ? 'an empty string' : describeType(value)
  return new ValidationError(`${argument} must be ${rule}; received ${shown}`, {
    code: 'INVALID_ARGUMENT',
    context: { argument, received: shown },
  })
}
