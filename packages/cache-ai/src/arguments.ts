import { describeType, isPlainObject, ValidationError } from '@verbatim/cache-core'

/** In UTF-16 units; escaped three for one, both together still fit into a pattern. */
const LONGEST_OPERATION = 64
const LONGEST_TENANT = 128

export function assertRequest(request: unknown): void {
  if (typeof request === 'object' && request !== null) return
  throw invalid('request', request, 'an object with text and operation')
}

export function assertText(
  text: unknown,
  { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {},
): asserts text is string {
  if (typeof text === 'string' && (text !== '' || mayBeEmpty)) return
  throw invalid('text', text, mayBeEmpty ? 'a string' : 'a non-empty string')
}

export function assertOperation(operation: unknown): asserts operation is string {
  const isUsable =
    typeof operation === 'string' &&
    operation !== '' &&
    operation.length <= LONGEST_OPERATION &&
    operation.isWellFormed()
  if (isUsable) return
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

/** The original has none, so its keys would be shared by all. */
export function assertNoTenant(tenant: string | undefined): void {
  if (tenant === undefined) return
  throw invalid('tenant', tenant, 'undefined, for legacy keys know no tenants')
}

export function assertModel(model: unknown): asserts model is string {
  if (typeof model === 'string' && model !== '') return
  throw invalid('model', model, 'a non-empty string')
}

export function assertResponse(response: unknown): void {
  if (response !== undefined) return
  throw invalid('response', response, 'any value but undefined')
}

function invalid(argument: string, value: unknown, allowed: string): ValidationError {
  const shown = value === '' ? 'empty' : describeType(value)
  return new ValidationError(`${argument} is ${shown}; allowed: ${allowed}`, {
    code: 'INVALID_ARGUMENT',
    context: { argument, received: shown },
  })
}
