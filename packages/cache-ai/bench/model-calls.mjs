// Measures keys, hits and replays of model calls in memory. Run a build first.
//
//   node bench/model-calls.mjs
import { createHash } from 'node:crypto'
import { createCacheMiddleware, explainKey, SHARED } from '@verbatim/cache-ai/ai-sdk'
import { InMemoryCache } from '@verbatim/cache-memory'
import { generateText, wrapLanguageModel } from 'ai'

const identity = { provider: 'test', modelId: 'test' }

/** Returns the median duration of a call, in microseconds. */
async function microseconds(call, { rounds = 7, calls = 200 } = {}) {
  const times = []
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now()
    for (let index = 0; index < calls; index++) await call()
    times.push(((performance.now() - startedAt) * 1_000) / calls)
  }
  return times.toSorted((one, other) => one - other)[rounds >> 1]
}

function modelOf(parts) {
  const usage = { inputTokens: { total: 9 }, outputTokens: { total: 3 } }
  const end = { finishReason: { unified: 'stop', raw: 'stop' }, usage }
  return {
    specificationVersion: 'v3',
    ...identity,
    supportedUrls: {},
    doGenerate: async () => ({
      content: [{ type: 'text', text: 'Boil, then pour.' }],
      warnings: [],
      ...end,
    }),
    doStream: async () => ({
      stream: ReadableStream.from([
        { type: 'stream-start', warnings: [] },
        { type: 'text-start', id: 't' },
        ...Array.from({ length: parts }, () => ({ type: 'text-delta', id: 't', delta: 'word ' })),
        { type: 'text-end', id: 't' },
        { type: 'finish', ...end },
      ]),
    }),
  }
}

/** A conversation of about 42 KB of JSON. */
const prompt = Array.from({ length: 20 }, (_, index) => ({
  role: index % 2 === 0 ? 'user' : 'assistant',
  content: [
    { type: 'text', text: `${index} ${'How do I make tea, and for how long? '.repeat(56)}` },
  ],
}))
const params = { prompt }
const key = await microseconds(() => explainKey({ model: identity, params }, { tenant: SHARED }))
const plain = await microseconds(() =>
  createHash('sha256').update(JSON.stringify(params)).digest('base64url'),
)
const middleware = createCacheMiddleware({ cache: new InMemoryCache(), tenant: SHARED })
const wrapped = modelOf(1_000)
const bare = modelOf(1)
await middleware.wrapGenerate({ model: bare, params })
const hit = await microseconds(() => middleware.wrapGenerate({ model: bare, params }))
console.log(
  `JSON.stringify and SHA-256 of a ${JSON.stringify(params).length} byte chat: ${plain.toFixed(0)} us`,
)
console.log(`explainKey, which takes the canonical form twice: ${key.toFixed(0)} us`)
console.log(`a hit of the middleware with this chat, key included: ${hit.toFixed(0)} us`)

const image = new Uint8Array(2 * 2 ** 20).fill(7)
const withImage = {
  prompt: [{ role: 'user', content: [{ type: 'file', mediaType: 'image/png', data: image }] }],
}
const hashing = await microseconds(() => createHash('sha256').update(image).digest(), { calls: 20 })
await middleware.wrapGenerate({ model: bare, params: withImage })
const imageHit = await microseconds(
  () => middleware.wrapGenerate({ model: bare, params: withImage }),
  { calls: 20 },
)
console.log(
  `SHA-256 of 2 MiB: ${hashing.toFixed(0)} us; a hit with 2 MiB of image: ${imageHit.toFixed(0)} us`,
)

const short = {
  prompt: [{ role: 'user', content: [{ type: 'text', text: 'How do I make tea?' }] }],
}
await middleware.wrapGenerate({ model: bare, params: short })
const direct = await microseconds(() => bare.doGenerate(short))
const cached = await microseconds(() => middleware.wrapGenerate({ model: bare, params: short }))
console.log(`a model that answers at once: ${direct.toFixed(0)} us; a hit: ${cached.toFixed(0)} us`)

const model = wrapLanguageModel({ model: bare, middleware })
const text = { prompt: 'How do I make tea?' }
await generateText({ model, ...text })
const whole = await microseconds(() => generateText({ model: bare, ...text }))
const wholeHit = await microseconds(() => generateText({ model, ...text }))
console.log(
  `generateText with that model: ${whole.toFixed(0)} us; a hit: ${wholeHit.toFixed(0)} us`,
)

const streamed = { prompt: [] }
async function replay() {
  const { stream } = await middleware.wrapStream({ model: wrapped, params: streamed })
  let count = 0
  for await (const _ of stream) count++
  return count
}
const chunks = await replay()
const perReplay = await microseconds(replay, { calls: 20 })
console.log(`replay of ${chunks} chunks: ${Math.round((chunks / perReplay) * 1e6)} chunks/s`)

const { canonical } = explainKey({ model: identity, params }, { tenant: SHARED })
console.log(`canonical form of the chat: ${canonical.length} characters`)
