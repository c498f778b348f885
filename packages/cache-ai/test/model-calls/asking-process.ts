import { once } from 'node:events'
import { createOpenAI } from '@ai-sdk/openai'
import { AIResponseCache } from '@verbatim/cache-ai'
import { createCacheMiddleware, SHARED } from '@verbatim/cache-ai/ai-sdk'
import { streamText, wrapLanguageModel } from 'ai'

// Asks a model for a stream, several times at once, and prints the texts as JSON.
const [redisUrl = '', modelUrl = '', calls = '1'] = process.argv.slice(2)
const cache = new AIResponseCache({ redisUrl, commandTimeout: 5_000 })
if (!(await cache.connect())) throw new Error('Redis does not respond')
const openai = createOpenAI({
  apiKey: 'test',
  baseURL: `${modelUrl}/v1`,
  headers: { 'x-process': String(process.pid) },
})
const middleware = createCacheMiddleware({ cache, tenant: SHARED })
const model = wrapLanguageModel({ model: openai.chat('test'), middleware })
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const asked = Array.from({ length: Number(calls) }, () =>
  streamText({ model, prompt: 'How do I make tea?' }),
)
const texts = await Promise.all(asked.map(async ({ text }) => text))
process.stdout.write(`${JSON.stringify(texts)}\n`)
await cache.close()
process.stdin.destroy()
