import { CacheKeyGenerator } from '@verbatim/cache-ai'
import { repetitions } from './repetitions.js'

// Counts equal keys of ten million short questions about one text. Also counts equal digests of 32 bits, as
// the Python version makes them. There must be thousands of those, which proves that the count works.

const questions = Number(process.argv[2] ?? 10_000_000)
/** Odd, so that 2^32 different numbers stay different. */
const SCRAMBLE = 2_654_435_761n

const keys = new CacheKeyGenerator()
const words = [new BigUint64Array(questions), new BigUint64Array(questions)] as const
const started = performance.now()
for (let index = 0; index < questions; index++) {
  const item = BigInt.asUintN(32, BigInt(index) * SCRAMBLE)
  const key = keys.generateCacheKey('text', 'qa', {}, `What is item ${item}?`)
  const digest = /\|q:([0-9a-f]{32})$/.exec(key)?.[1]
  if (digest === undefined) throw new Error(`${key} must have a digest of the question`)
  words[0][index] = BigInt(`0x${digest.slice(0, 16)}`)
  words[1][index] = BigInt(`0x${digest.slice(16)}`)
}
const seconds = ((performance.now() - started) / 1_000).toFixed(0)

// Equal digests are equal in both halves, so counting equal halves is enough.
const alike = Math.min(...words.map((half) => repetitions(half)))
const short = repetitions(words[0].map((half) => half >> 32n))
console.log(`${questions} questions in ${seconds} s: ${alike} equal keys`)
console.log(`${short} of their digests have equal first 32 bits`)
const expected = questions ** 2 / 2 ** 33
if (alike > 0 || short < expected / 2) process.exitCode = 1
