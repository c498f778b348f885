import { integerOption, utf8Length } from '@verbatim/cache-core'
import { SeededRandom } from './seeded-random.js'

/** One entry for a cache to hold: what an AI text service would cache. */
export interface BasicOperationsItem {
  /** `test_key_<n>`, counted from 0. */
  readonly key: string
  /** About 30, 300, 1500 or 4500 characters. */
  readonly text: string
  readonly operation: string
  readonly options: { readonly maxLength: number; readonly style: string }
  /** Bytes of this item's key, text, operation and options as JSON. */
  readonly expectedSizeBytes: number
  /** 300 to 3600 seconds. */
  readonly cacheTtl: number
}

/** The most items that one run may have. */
export const MOST_ITEMS = 1_000_000
export const LARGEST_SEED = 4_294_967_295

const OPERATIONS = ['summarize', 'sentiment', 'key_points', 'questions', 'qa']
const MAX_LENGTHS = [100, 250, 500]
const STYLES = ['brief', 'detailed', 'bullet_points']
const TEXT_LENGTHS = [30, 300, 1_500, 4_500]
const WORDS =
  'the and of with for river paper order report answer question model reads finds'.split(' ')

/**
 * Makes the entries of the basic scenario. The same count and seed make the same entries, so two
 * runs can be compared.
 *
 * @param options.count - 1 to 1,000,000. Default: 100
 * @param options.seed - an integer from 1 to 2^32 - 1. Default: 1
 * @throws ConfigurationError for a count or seed out of range
 */
export function generateBasicOperationsData(
  options: { readonly count?: number | undefined; readonly seed?: number | undefined } = {},
): BasicOperationsItem[] {
  const { count = 100, seed = 1 } = options
  integerOption('count', count, { min: 1, max: MOST_ITEMS })
  const random = new SeededRandom(integerOption('seed', seed, { min: 1, max: LARGEST_SEED }))
  const texts = TEXT_LENGTHS.map((length) => makeText(random, length))
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

function makeText(random: SeededRandom, length: number): string {
  let text = random.pick(WORDS)
  while (text.length < length) text += ` ${random.pick(WORDS)}`
  return text
}
