import { isAbortSignal } from './abort-listeners.js'
import { invalidArgument } from './argument-errors.js'
import { assertKey } from './key.js'

/**
 * Rejects `undefined`, which means a miss. Every other value can be stored, including `null`, `0`,
 * `false` and `''`.
 *
 * @throws ValidationError (`INVALID_VALUE`)
 */
export function assertValue(value: unknown): void {
  if (value !== undefined) return
  throw invalidArgument('value', 'a value other than undefined', value, {
    code: 'INVALID_VALUE',
    hint: 'Store null instead: undefined means a miss',
  })
}

/**
 * Rejects anything but an array of keys. Other iterables are rejected because a string is one, and its
 * characters are rarely the keys that the caller means.
 *
 * @throws ValidationError (`INVALID_ARGUMENT`) for anything but an array
 * @throws ValidationError (`INVALID_KEY`) for an array with anything but keys
 */
export function assertKeys(keys: unknown): asserts keys is readonly string[] {
  if (!Array.isArray(keys)) throw invalidArgument('keys', 'an array of strings', keys)
  for (const key of keys) assertKey(key)
}

/**
 * Copies the entries of a batch from an array, a `Map` or another iterable of `[key, value]` pairs.
 *
 * @throws ValidationError (`INVALID_ARGUMENT`) for anything else
 * @throws ValidationError (`INVALID_KEY`, `INVALID_VALUE`) for a bad key or value in a pair
 */
export function collectEntries<T>(entries: unknown): (readonly [key: string, value: T])[] {
  assertIterable(entries)
  const collected: (readonly [string, T])[] = []
  for (const entry of entries) collected.push(toEntry(entry, collected.length))
  return collected
}

/** @throws ValidationError (`INVALID_ARGUMENT`) unless the entries of a batch are iterable */
export function assertIterable(entries: unknown): asserts entries is Iterable<unknown> {
  const isIterable =
    typeof entries === 'object' &&
    entries !== null &&
    typeof (entries as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function'
  if (!isIterable) throw invalidArgument('entries', 'an iterable of [key, value] pairs', entries)
}

/**
 * Checks one entry of a batch and copies the pair, because the caller may change it while the batch is stored.
 *
 * @throws ValidationError (`INVALID_ARGUMENT`, `INVALID_KEY`, `INVALID_VALUE`)
 */
export function toEntry<T>(entry: unknown, index: number): readonly [key: string, value: T] {
  if (!Array.isArray(entry) || entry.length !== 2) {
    throw invalidArgument(`entries[${index}]`, 'a [key, value] pair', entry)
  }
  const [key, value] = entry as [unknown, T]
  assertKey(key)
  assertValue(value)
  return [key, value]
}

/** @throws ValidationError (`INVALID_ARGUMENT`) unless the signal is an `AbortSignal` or undefined */
export function assertSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal === undefined || isAbortSignal(signal)) return
  throw invalidArgument('signal', 'an AbortSignal', signal)
}

/**
 * @param name - name of the argument, for the message
 * @throws ValidationError (`INVALID_ARGUMENT`) unless the loader is a function
 */
export function assertLoader(loader: unknown, name = 'loader'): void {
  if (typeof loader !== 'function') throw invalidArgument(name, 'a function', loader)
}

/**
 * Rejects an argument of `clear`, which would be ignored. Callers that pass a pattern or options do not want
 * to remove every key.
 *
 * @throws ValidationError (`INVALID_ARGUMENT`) unless the argument is undefined
 */
export function assertClearsAll(unexpected: unknown): void {
  if (unexpected === undefined) return
  throw invalidArgument('clear', 'called without arguments', unexpected, {
    hint: 'It removes every key. To remove some keys, call deleteMany or invalidatePattern',
  })
}

/**
 * Returns an argument that is true or false. Texts such as `'false'` are rejected, because they would count as true.
 *
 * @param otherwise - the value of an argument that is left out
 * @throws ValidationError (`INVALID_ARGUMENT`)
 */
export function flagArgument(name: string, value: unknown, otherwise = false): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? otherwise
  throw invalidArgument(name, 'true or false', value)
}
