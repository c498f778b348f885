import { integerOption, invalidOption, utf8Length } from '@verbatim/cache-core/implement'
import { SeededRandom } from './seeded-random.js'
import { STORY } from './story.js'

/** One entry of the test data, like those of an AI text service. */
export interface BasicOperationsItem {
  /** `test_key_<n>`, with n from 0. */
  readonly key: string
  /** Text of about 30, 300, 1,500 or 4,500 characters. */
  readonly text: string
  readonly operation: string
  readonly options: { readonly maxLength: number; readonly style: string }
  /** Size of the key, text, operation and options as JSON, in bytes. */
  readonly expectedSizeBytes: number
  /** TTL in seconds, 300 to 3,600. */
  readonly cacheTtl: number
}

/** Highest number of items of one run. */
export const MAX_ITEMS = 1_000_000
export const MAX_SEED = 4_294_967_295
const MAX_TOTAL_MB = 1_024

const OPERATIONS = ['summarize', 'sentiment', 'key_points', 'questions', 'qa']
const MAX_LENGTHS = [100, 250, 500]
const STYLES = ['brief', 'detailed', 'bullet_points']
const TEXT_LENGTHS = [30, 300, 1_500, 4_500]
const WORDS =
  'the and of with for river paper order report answer question model reads finds'.split(' ')

/**
 * Returns the test data of `benchmarkBasicOperations`. The same count and seed return the same items,
 * so that two runs can be compared.
 *
 * @param options.count - 1 to 1,000,000. Default: 100
 * @param options.seed - an integer from 1 to 2^32 - 1. Default: 1
 * @throws ConfigurationError for a count or seed out of range
 */
export function generateBasicOperationsData(
  options: { readonly count?: number | undefined; readonly seed?: number | undefined } = {},
): BasicOperationsItem[] {
  const { count = 100, seed = 1 } = options
  integerOption('count', count, { min: 1, max: MAX_ITEMS })
  const random = new SeededRandom(integerOption('seed', seed, { min: 1, max: MAX_SEED }))
  const texts = TEXT_LENGTHS.map((length) => createText(random, length))
  return Array.from({ length: count }, (_, index) => {
    const content = {
      key: `test_key_${index}`,
      text: random.pick(texts),
      operation: random.pick(OPERATIONS),
      options: { maxLength: random.pick(MAX_LENGTHS), style: random.pick(STYLES) },
    }
    return {
      ...content,
      expectedSizeBytes: utf8Length(JSON.stringify(content)),
      cacheTtl: random.integer(300, 3_600),
    }
  })
}

/** One entry that fills a cache. */
export interface MemoryPressureItem {
  /** `memory_test_<n>`, with n from 0. */
  readonly key: string
  readonly text: string
  /** Size of the key and the text in bytes. */
  readonly sizeBytes: number
  readonly priority: 'high' | 'medium' | 'low'
}

const PRIORITIES = ['high', 'medium', 'low'] as const

/**
 * Returns entries until their sizes reach a total.
 *
 * @param options.totalMb - above 0, at most 1,024, in MB of 1,048,576 bytes. Default: 10
 * @param options.seed - an integer from 1 to 2^32 - 1. Default: 1
 * @throws ConfigurationError for a total or seed out of range
 */
export function generateMemoryPressureData(
  options: { readonly totalMb?: number | undefined; readonly seed?: number | undefined } = {},
): MemoryPressureItem[] {
  const { totalMb = 10, seed = 1 } = options
  if (!(totalMb > 0 && totalMb <= MAX_TOTAL_MB)) {
    throw invalidOption('totalMb', `a number above 0, at most ${MAX_TOTAL_MB}`, totalMb)
  }
  const random = new SeededRandom(integerOption('seed', seed, { min: 1, max: MAX_SEED }))
  const texts = TEXT_LENGTHS.map((length) => createText(random, length))
  const items: MemoryPressureItem[] = []
  for (let bytes = 0; bytes < totalMb * 1_048_576; bytes += items.at(-1)?.sizeBytes ?? 0) {
    const key = `memory_test_${items.length}`
    const text = `${items.length} ${random.pick(texts)}`
    const sizeBytes = utf8Length(key) + utf8Length(text)
    items.push({ key, text, sizeBytes, priority: random.pick(PRIORITIES) })
  }
  return items
}

/** One call of an access pattern. */
export interface AccessOperation {
  readonly type: 'get' | 'set' | 'delete'
  /** One of 20 keys. */
  readonly key: string
  /** Pause before the call in milliseconds, 1 to 100. */
  readonly delayMs: number
  /** Value of a `set`. */
  readonly text?: string
}

/** Calls of several callers at the same time. */
export interface AccessPattern {
  readonly patternId: number
  /** Number of callers, 5 to 20. */
  readonly concurrencyLevel: number
  /** 10 to 60. */
  readonly durationSeconds: number
  /** 50 to 200 calls. */
  readonly operations: readonly AccessOperation[]
}

/**
 * Returns patterns of concurrent access.
 *
 * @param options.count - 1 to 1,000. Default: 10
 * @param options.seed - an integer from 1 to 2^32 - 1. Default: 1
 * @throws ConfigurationError for a count or seed out of range
 */
export function generateConcurrentAccessPatterns(
  options: { readonly count?: number | undefined; readonly seed?: number | undefined } = {},
): AccessPattern[] {
  const { count = 10, seed = 1 } = options
  integerOption('count', count, { min: 1, max: 1_000 })
  const random = new SeededRandom(integerOption('seed', seed, { min: 1, max: MAX_SEED }))
  return Array.from({ length: count }, (_, patternId) => ({
    patternId,
    concurrencyLevel: random.integer(5, 20),
    durationSeconds: random.integer(10, 60),
    operations: Array.from({ length: random.integer(50, 200) }, (): AccessOperation => {
      const type = random.pick(['get', 'set', 'delete'] as const)
      const call = { type, key: `concurrent_key_${random.integer(0, 19)}` }
      const delayMs = random.integer(1, 100)
      return type === 'set'
        ? { ...call, delayMs, text: createText(random, 200) }
        : { ...call, delayMs }
    }),
  }))
}

/** One kind of data for a compression benchmark. */
export interface CompressionTestItem {
  readonly kind: CompressionKind
  readonly data: unknown
}

/** Kinds of data, from those that compress well to those that do not. */
export type CompressionKind =
  | 'highly_compressible'
  | 'moderately_compressible'
  | 'poorly_compressible'
  | 'structured_data'

/**
 * Returns one item of each kind: a repeated sentence, a text of a story, 10,000 random characters, and
 * structured data.
 *
 * @param options.seed - an integer from 1 to 2^32 - 1. Default: 1
 * @throws ConfigurationError for a seed out of range
 */
export function generateCompressionTestData(
  options: { readonly seed?: number | undefined } = {},
): CompressionTestItem[] {
  const { seed = 1 } = options
  const random = new SeededRandom(integerOption('seed', seed, { min: 1, max: MAX_SEED }))
  const characters = Array.from({ length: 10_000 }, () => random.integer(33, 126))
  const rows = Array.from({ length: 100 }, (_, id) => ({
    id,
    operation: random.pick(OPERATIONS),
    score: random.integer(0, 1_000) / 1_000,
    tags: [random.pick(WORDS), random.pick(WORDS)],
  }))
  return [
    { kind: 'highly_compressible', data: { text: 'The same sentence again. '.repeat(400) } },
    { kind: 'moderately_compressible', data: { text: STORY } },
    { kind: 'poorly_compressible', data: { text: String.fromCharCode(...characters) } },
    { kind: 'structured_data', data: { rows } },
  ]
}

function createText(random: SeededRandom, length: number): string {
  let text = random.pick(WORDS)
  while (text.length < length) text += ` ${random.pick(WORDS)}`
  return text
}
