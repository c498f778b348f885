import { ConfigurationError } from '@verbatim/cache-core'
import { describeReceived, isPlainObject } from '@verbatim/cache-core/implement'
import { KEY_BYTES } from './xaes-256-gcm.js'

/** `'enabled'`: the key decrypts. `'disabled'`: it does not, for now. `'destroyed'`: its secret is gone. */
export type KeyState = 'enabled' | 'disabled' | 'destroyed'

/** A key as it is written in a file. */
export interface StoredKey {
  readonly id: string
  readonly state: KeyState
  /** The secret in Base64 with the alphabet for URLs; absent for a destroyed key. */
  readonly key?: string
}

/** A key ring as it is written in a file. */
interface KeySet {
  readonly primary: string
  readonly keys: readonly StoredKey[]
}

/** The most keys of a ring. */
export const MAX_KEYS = 100

const LONGEST_TEXT = 65_536
const ID = /^[\da-f]{8}$/
/** Matches 32 bytes in Base64 without padding; with another last character there would be unused bits. */
const KEY = /^[\w-]{42}[AEIMQUYcgkosw048]$/
const STATES: readonly unknown[] = ['enabled', 'disabled', 'destroyed'] satisfies KeyState[]
const EXAMPLE =
  '{"primary":"<id>","keys":[{"id":"<8 hexadecimal digits>","state":"enabled","key":"<Base64>"}]}'

/**
 * Parses the text of a key ring.
 *
 * @throws ConfigurationError (`INVALID_KEY_RING`) that names the field, and never shows the text
 */
export function parseKeySet(text: unknown): KeySet {
  if (typeof text !== 'string' || text.length > LONGEST_TEXT) {
    const received = typeof text === 'string' ? `${text.length} characters` : describeReceived(text)
    throw invalid('the key ring', `text of at most ${LONGEST_TEXT} characters`, received)
  }
  const { primary, keys } = fieldsOf('the key ring', parseJson(text), ['primary', 'keys'])
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MAX_KEYS) {
    throw invalid('keys', `a list of 1 to ${MAX_KEYS} keys`, describeReceived(keys))
  }
  const all = keys.map((key: unknown, index) => parseKey(key, `keys[${index}]`))
  assertDifferent(all)
  if (all.some(({ id, state }) => id === primary && state === 'enabled')) {
    return { primary: primary as string, keys: all }
  }
  throw invalid('primary', 'the id of an enabled key of keys', 'something else')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The cause is left out, because its message quotes the text.
    throw invalid('the key ring', `JSON such as ${EXAMPLE}`, 'other text')
  }
}

function parseKey(value: unknown, place: string): StoredKey {
  const { id, state, key } = fieldsOf(place, value, ['id', 'state', 'key'])
  if (typeof id !== 'string' || !ID.test(id)) {
    throw invalid(`${place}.id`, 'eight hexadecimal digits', describeReceived(id))
  }
  if (!STATES.includes(state)) {
    throw invalid(`${place}.state`, `one of ${STATES.join(', ')}`, describeReceived(state))
  }
  if (state === 'destroyed') {
    if (key === undefined) return { id, state }
    throw invalid(`${place}.key`, 'left out, because the key is destroyed', describeReceived(key))
  }
  if (typeof key === 'string' && KEY.test(key)) return { id, state: state as KeyState, key }
  const rule = `${KEY_BYTES} bytes in Base64 with the alphabet for URLs, without padding`
  throw invalid(`${place}.key`, rule, key === undefined ? 'nothing' : 'something else')
}

function assertDifferent(keys: readonly StoredKey[]): void {
  for (const [index, { id, key }] of keys.entries()) {
    const earlier = keys.slice(0, index)
    if (earlier.some((each) => each.id === id)) {
      throw invalid(`keys[${index}].id`, 'different from the other ids', 'an id twice')
    }
    if (key !== undefined && earlier.some((each) => each.key === key)) {
      throw invalid(`keys[${index}].key`, 'different from the other keys', 'a key twice')
    }
  }
}

function fieldsOf(
  place: string,
  value: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  if (!isPlainObject(value)) throw invalid(place, 'an object', describeReceived(value))
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown === undefined) return value
  throw invalid(place, `an object with the fields ${known.join(', ')}`, 'an unknown field')
}

function invalid(place: string, rule: string, received: string): ConfigurationError {
  return new ConfigurationError(`${place} must be ${rule}; received ${received}`, {
    code: 'INVALID_KEY_RING',
    context: { field: place, received },
  })
}
