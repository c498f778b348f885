import { randomUUID } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { ConfigurationError } from '@verbatim/cache-core'
import { isPlainObject } from '@verbatim/cache-core/implement'

const FORMAT = 'verbatim-cassette/1'

/** A call in a cassette. */
export interface RecordedCall {
  /** The key of the answer, which contains a digest of the request. */
  readonly key: string
  /** The request for people who read the file, and to name differences. */
  readonly request: unknown
  /** The stored value. */
  readonly value: unknown
}

/**
 * Reads the calls of a file, by key. A file that does not exist has none.
 *
 * @throws ConfigurationError (`INVALID_CASSETTE`) for a file that cannot be read or is not a cassette
 */
export function readCalls(file: string): Map<string, RecordedCall> {
  const text = readText(file)
  if (text === undefined) return new Map()
  let content: unknown
  try {
    content = revived(JSON.parse(text))
  } catch (cause) {
    throw invalidFile('must be JSON', cause)
  }
  if (!isPlainObject(content) || content['format'] !== FORMAT || !Array.isArray(content['calls']))
    throw invalidFile(`must have the format ${FORMAT}`)
  const calls = new Map<string, RecordedCall>()
  for (const [index, call] of content['calls'].entries()) {
    if (!isPlainObject(call) || typeof call['key'] !== 'string' || call['value'] === undefined)
      throw invalidFile(`must have a key and a value in calls[${index}]`)
    calls.set(call['key'], call as unknown as RecordedCall)
  }
  return calls
}

/** Writes the calls in the order of their keys, so that the file changes only where a call has changed. */
export function writeCalls(file: string, calls: Iterable<RecordedCall>): void {
  const sorted = [...calls].toSorted((one, other) => (one.key < other.key ? -1 : 1))
  const text = JSON.stringify(writable({ format: FORMAT, calls: sorted }), null, 2)
  // Threads of a process may write at the same time.
  const temporary = `${file}.${randomUUID()}.tmp`
  writeFileSync(temporary, `${text}\n`)
  renameSync(temporary, file)
}

function readText(file: string): string | undefined {
  try {
    // Some editors begin a file with a byte order mark.
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw invalidFile(`cannot be read (${String(code)})`, cause)
  }
}

function invalidFile(rule: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(`the file of the cassette ${rule}`, {
    code: 'INVALID_CASSETTE',
    context: {},
    ...(cause !== undefined && { cause }),
  })
}

/** Fields of the objects that stand for bytes and numbers. Other fields that begin like them get one more sign. */
const BYTES = '$bytes'
const FLOATS = '$float32'

/** Returns a value with its bytes as text, because JSON has none. */
function writable(value: unknown): unknown {
  if (value instanceof Float32Array) {
    const { buffer, byteOffset, byteLength } = value
    return { [FLOATS]: Buffer.from(buffer, byteOffset, byteLength).toString('base64') }
  }
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return value.map(writable)
  return mapFields(value, (name) => (name.startsWith('$') ? `$${name}` : name), writable)
}

function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived)
  const { [BYTES]: bytes, [FLOATS]: floats } = Object(value) as Record<string, unknown>
  if (typeof bytes === 'string') return new Uint8Array(Buffer.from(bytes, 'base64'))
  if (typeof floats === 'string')
    return new Float32Array(new Uint8Array(Buffer.from(floats, 'base64')).buffer)
  return mapFields(value, (name) => (name.startsWith('$$') ? name.slice(1) : name), revived)
}

/** Returns a value with all of its texts changed. */
export function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change))
  if (ArrayBuffer.isView(value)) return value
  return mapFields(
    value,
    (name) => name,
    (item) => mapTexts(item, change),
  )
}

function mapFields(
  value: unknown,
  rename: (name: string) => string,
  change: (item: unknown) => unknown,
): unknown {
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, item]) => [rename(name), change(item)] as const)
  return Object.fromEntries(entries)
}
