import { SeededRandom } from '../seeded-random.js'
import { STORY } from '../story.js'

/** A value of about 1.2 kB as JSON. */
export interface BenchValue {
  readonly id: number
  readonly title: string
  readonly author: { name: string; readonly id: number }
  readonly tags: readonly string[]
  readonly body: string
  readonly scores: readonly number[]
}

const BODY_LENGTH = 900

/** Returns a value that differs from that of every other number. */
export function makeValue(id: number): BenchValue {
  const start = (id * 37) % (STORY.length - BODY_LENGTH)
  return {
    id,
    title: `Article ${id}`,
    author: { name: `Author ${id % 100}`, id: id % 100 },
    tags: ['cache', 'benchmark', `topic-${id % 10}`],
    body: STORY.slice(start, start + BODY_LENGTH),
    scores: [0.1, 0.25, id / 1_000],
  }
}

/** Returns keys with a common start. */
export function makeKeys(count: number, start = 'article'): string[] {
  return Array.from({ length: count }, (_, index) => `${start}:${index}`)
}

/**
 * Returns indexes from 0 to `count` - 1 in which the n-th most popular index has a probability of 1 / n^exponent.
 *
 * @param length - number of returned indexes
 */
export function zipfIndexes(
  count: number,
  length: number,
  seed: number,
  exponent = 0.99,
): Uint32Array {
  const cumulative = new Float64Array(count)
  let sum = 0
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1) ** exponent
    cumulative[rank] = sum
  }
  const random = new SeededRandom(seed)
  return Uint32Array.from({ length }, () => {
    const target = (random.integer(0, 1_000_000_000) / 1_000_000_000) * sum
    return firstAtLeast(cumulative, target)
  })
}

function firstAtLeast(sorted: Float64Array, target: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) < target) low = middle + 1
    else high = middle
  }
  return low
}
