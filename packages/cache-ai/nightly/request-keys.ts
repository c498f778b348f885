import { explainKey, SHARED } from '@verbatim/cache-ai/ai-sdk'
import { repetitions } from './repetitions.js'

// Counts equal keys of ten million requests that differ in one value each. Also counts equal digests of 32 bits:
// there must be thousands of those, which proves that the count works.

const requests = Number(process.argv[2] ?? 10_000_000)
const model = { provider: 'test', modelId: 'test' }
const digests = new BigUint64Array(requests)
const started = performance.now()
for (let index = 0; index < requests; index++) {
  const explained = explainKey({ model, params: paramsOf(index) }, { tenant: SHARED })
  if (!('digest' in explained)) throw new Error(`request ${index} has no key: ${explained.bypass}`)
  digests[index] = Buffer.from(explained.digest, 'base64url').readBigUInt64BE()
}
const seconds = ((performance.now() - started) / 1_000).toFixed(0)

const equal = repetitions(digests)
const short = repetitions(digests.map((digest) => digest >> 32n))
console.log(`${requests} requests in ${seconds} s: ${equal} equal keys`)
console.log(`${short} of their digests have equal first 32 bits`)
if (equal > 0 || short < requests ** 2 / 2 ** 34) process.exitCode = 1

/** Returns a request that no other index has: the index is in another place of every fourth request. */
function paramsOf(index: number): Readonly<Record<string, unknown>> {
  const text = (value: unknown): object => ({
    role: 'user',
    content: [{ type: 'text', text: value }],
  })
  switch (index % 4) {
    case 0:
      return { prompt: [text(`What is item ${index}?`)] }
    case 1:
      return { prompt: [text('What is it?')], seed: index }
    case 2:
      return { prompt: [text(`${index >> 12}`), text(`${index & 4_095}`)] }
    default:
      return {
        prompt: [text('What is it?')],
        providerOptions: { openai: { [`option${index}`]: true } },
      }
  }
}
