import path from 'node:path'
import { CacheError } from '@verbatim/cache-core'
import {
  assertKey,
  assertKnownFields,
  assertValue,
  choiceOption,
  invalidArgument,
  invalidOption,
  isPlainObject,
} from '@verbatim/cache-core/implement'
import { RecordedCalls } from '../model-calls/recorded-calls.js'
import type { KeyDocument, RequestKey } from '../model-calls/request-key.js'
import {
  firstDifference,
  requestValues,
  similarityOf,
  textOf,
} from '../model-calls/request-values.js'
import { mapTexts, type RecordedCall, readCalls, writeCalls } from './cassette-file.js'

/**
 * The way in which a cassette treats calls.
 *
 * - `'replay'`: it serves the answers of the file. A call that is not in it fails, and no model is asked.
 * - `'record'`: it also adds calls that are not in the file.
 * - `'refresh'`: it asks the model once for each call, and replaces the file. Calls that were not made are removed.
 */
export type CassetteMode = 'replay' | 'record' | 'refresh'

/** Options of {@link cassette}. */
export interface CassetteOptions {
  /** Default: `'replay'`. */
  readonly mode?: CassetteMode | undefined
  /**
   * Changes each text of requests and answers before it is written. Default: replaces keys of providers, such as
   * `sk-…`, and tokens after `Bearer`, by `[redacted]`.
   */
  readonly redact?: ((text: string) => string) | undefined
}

const FIELDS: ReadonlySet<string> = new Set<keyof CassetteOptions>(['mode', 'redact'])
/** Number of values of a request that are compared one by one. */
const MAX_VALUES = 10_000

/** Files that a cassette of this process has begun to refresh. Their earlier calls are gone. */
const refreshedFiles = new Set<string>()

/**
 * Returns a cache for tests whose entries are in a file, which you commit with the test. Use one file for each test
 * file. Entries have no TTL.
 *
 * @param file - the file. Its folder must exist
 * @throws ConfigurationError (`INVALID_CASSETTE`) for a file that is not a cassette, and ConfigurationError or
 * ValidationError for a wrong option
 * @example
 * ```ts
 * const cache = cassette('test/tea.cassette.json', { mode: process.env['RECORD'] ? 'record' : 'replay' })
 * const model = wrapLanguageModel({ model: openai('gpt-5'), middleware: createCacheMiddleware({ cache, tenant: SHARED }) })
 * ```
 */
export function cassette(file: string, options: CassetteOptions = {}): Cassette {
  return new Cassette(file, options)
}

/** A cache for tests whose entries are in a file. */
export class Cassette extends RecordedCalls {
  readonly #file: string
  readonly #mode: CassetteMode
  readonly #redact: (text: string) => string
  readonly #calls: Map<string, RecordedCall>
  /** The requests of calls that may be stored, by key. */
  readonly #requests = new Map<string, unknown>()

  /** @internal Use {@link cassette}. */
  constructor(file: string, options: CassetteOptions) {
    super()
    if (typeof file !== 'string' || file === '') throw invalidArgument('file', 'a path', file)
    assertKnownFields(options, FIELDS, 'options')
    const { mode = 'replay', redact = redactCredentials } = options
    if (typeof redact !== 'function') throw invalidOption('redact', 'a function', redact)
    this.#file = path.resolve(file)
    this.#mode = choiceOption('mode', mode, ['replay', 'record', 'refresh'])
    this.#redact = redact
    this.#calls = this.#mode === 'refresh' ? new Map() : readCalls(this.#file)
  }

  override describe({ key }: RequestKey, { tenant: _, ...document }: KeyDocument): void {
    this.#requests.set(key, this.#redacted(document))
  }

  override assertMayAsk(reason: string): void {
    if (this.#mode !== 'replay') return
    throw cassetteMiss(`it cannot be served from the file (${reason})`, { reason })
  }

  override async get<T>(key: string): Promise<T | undefined> {
    assertKey(key)
    const call = this.#calls.get(key)
    if (call === undefined && this.#mode === 'replay') throw this.#miss(key)
    return call === undefined ? undefined : (asNew(structuredClone(call.value)) as T)
  }

  override async set<T>(key: string, value: T): Promise<void> {
    assertKey(key)
    assertValue(value)
    if (this.#mode === 'replay') return
    const request = this.#requests.get(key) ?? null
    const call = { key, request, value: this.#redactedEntry(withoutTimes(value)) }
    this.#write((calls) => calls.set(key, call))
  }

  override async delete(key: string): Promise<boolean> {
    assertKey(key)
    if (this.#mode === 'replay') return this.#calls.has(key)
    const existed = this.#calls.has(key)
    if (existed) this.#write((calls) => calls.delete(key))
    return existed
  }

  override async exists(key: string): Promise<boolean> {
    assertKey(key)
    return this.#calls.has(key)
  }

  /** Changes the calls, and those that other cassettes have written to the file. */
  #write(change: (calls: Map<string, RecordedCall>) => void): void {
    const isBegun = this.#mode === 'record' || refreshedFiles.has(this.#file)
    const others = isBegun ? readCalls(this.#file) : []
    if (this.#mode === 'refresh') refreshedFiles.add(this.#file)
    change(this.#calls)
    const calls = new Map([...others, ...this.#calls])
    change(calls)
    writeCalls(this.#file, calls.values())
  }

  #redacted(value: unknown): unknown {
    return mapTexts(value, (text) => {
      const redacted: unknown = this.#redact(text)
      if (typeof redacted === 'string') return redacted
      throw invalidArgument('the result of redact', 'a string', redacted)
    })
  }

  /** Redacts the answer in an entry. The digest beside it must stay. */
  #redactedEntry(value: unknown): unknown {
    if (!isPlainObject(value) || !('answer' in value)) return this.#redacted(value)
    return { ...value, answer: this.#redacted(value['answer']) }
  }

  /** Returns the error for a call that is not in the file, with the first place where the closest call differs. */
  #miss(key: string): CacheError {
    const request = this.#requests.get(key)
    if (request === undefined || this.#calls.size === 0)
      return cassetteMiss('the cassette has no similar call', {})
    const values = valuesOf(request)
    const others = [...this.#calls.values()].map((call) => valuesOf(call.request))
    const [closest] = others.toSorted(
      (one, other) => similarityOf(values, other) - similarityOf(values, one),
    )
    const place = closest === undefined ? undefined : firstDifference(values, closest)
    return place === undefined
      ? cassetteMiss('a call with the same request belongs to another tenant or is redacted', {})
      : cassetteMiss(`it differs from the closest call at ${place}`, { path: place })
  }
}

function cassetteMiss(reason: string, context: Readonly<Record<string, string>>): CacheError {
  const message = `the call is not in the cassette, and the mode is 'replay': ${reason}`
  return new CacheError(message, { code: 'CASSETTE_MISS', context })
}

function valuesOf(request: unknown): ReadonlyMap<string, string> {
  return requestValues(Object(request) as object, MAX_VALUES, textOf)
}

/** Returns an entry without the times of its call, which would change in every file. */
function withoutTimes(value: unknown): unknown {
  if (!isPlainObject(value) || !('durationMs' in value)) return value
  const { answer } = value
  const track = isPlainObject(answer) ? answer['track'] : undefined
  const timeless = Array.isArray(track)
    ? {
        ...(answer as object),
        track: track.map((item: unknown, index) => (index % 3 === 2 ? 0 : item)),
      }
    : answer
  return { ...value, at: 0, durationMs: 0, freshMs: null, answer: timeless }
}

/** Returns an entry as if the model had just given the answer, because entries of a cassette do not age. */
function asNew(value: unknown): unknown {
  return isPlainObject(value) && value['at'] === 0 ? { ...value, at: Date.now() } : value
}

/** The beginnings of the keys of OpenAI, Anthropic, Groq, xAI, Perplexity, Hugging Face, NVIDIA, Google and AWS. */
const PROVIDER_KEY = /\b(?:[spr]k[-_]|gsk_|xai-|pplx-|hf_|nvapi-|AIza|AKIA)[\w-]{16,}/g

function redactCredentials(text: string): string {
  return text
    .replace(/\b(Bearer|Basic) [\w.~+/=-]{8,}/g, '$1 [redacted]')
    .replace(PROVIDER_KEY, '[redacted]')
}
