import { integerOption, utf8Length } from '@verbatim/cache-core/implement'
import { SeededRandom } from './seeded-random.js'

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

function createText(random: SeededRandom, length: number): string {
  let text = random.pick(WORDS)
  while (text.length < length) text += ` ${random.pick(WORDS)}`
  return text
}
