import {
  assertKnownFields,
  flagArgument,
  invalidArgument,
  isPlainObject,
} from '@verbatim/cache-core/implement'

/** In UTF-16 units. An escaped operation and an escaped tenant together still fit into a pattern. */
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
  if (!Array.isArray(requests)) throw invalidArgument('requests', 'an array of requests', requests)
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
  throw invalidArgument(method, 'called without options', options, {
    received,
    context: { argument: 'options' },
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
    throw invalidArgument(name, 'a string, or undefined for none', reason)
  }
}

export function assertStatsOptions(options: unknown): void {
  assertKnownFields(options, STATS_FIELDS, 'options')
  flagArgument('countKeys', (options as { readonly countKeys?: unknown }).countKeys)
}

export function assertText(
  text: unknown,
  { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {},
): asserts text is string {
  if (typeof text === 'string' && (text !== '' || mayBeEmpty)) return
  throw invalidArgument('text', mayBeEmpty ? 'a string' : 'a non-empty string', text)
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
  throw invalidArgument('operation', `a string of 1 to ${LONGEST_OPERATION} characters`, operation)
}

export function assertOptions(options: unknown): void {
  if (isPlainObject(options)) return
  throw invalidArgument('options', 'a plain object', options)
}

export function assertQuestion(question: unknown): void {
  if (question === undefined || typeof question === 'string') return
  throw invalidArgument('question', 'a string, or undefined for none', question)
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
  throw invalidArgument('tenant', isNeeded ? allowed : `${allowed}, or undefined for none`, tenant)
}

/** Keys of the Python version have no tenants, so all tenants would share them. */
export function assertNoTenant(tenant: string | undefined): void {
  if (tenant === undefined) return
  throw invalidArgument('tenant', 'undefined, because legacy keys have no tenants', tenant)
}

export function assertModel(model: unknown): asserts model is string {
  if (typeof model === 'string' && model !== '') return
  throw invalidArgument('model', 'a non-empty string', model)
}

export function assertResponse(response: unknown): void {
  if (response !== undefined) return
  throw invalidArgument('response', 'any value but undefined', response)
}
