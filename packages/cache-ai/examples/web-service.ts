import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { type AIRequest, AIResponseCache } from '@verbatim/cache-ai'

/** The one place that knows which cache the service uses. */
async function openCache(): Promise<AIResponseCache> {
  const cache = new AIResponseCache({
    redisUrl: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
  })
  await cache.connect()
  return cache
}

let processed = 0
async function askTheModel(request: AIRequest): Promise<object> {
  processed++
  return { summary: request.text.slice(0, 5) }
}

/** POST /process: what the cache has, or else what the model answers. */
async function answer(
  cache: AIResponseCache,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = (await json(request)) as AIRequest
  const cached = await cache.getCachedResponse(asked)
  if (cached !== undefined) {
    response.end(JSON.stringify(cached.response))
    return
  }
  const result = await askTheModel(asked)
  await cache.cacheResponse({ ...asked, response: result })
  response.end(JSON.stringify(result))
}

const cache = await openCache()
await cache.clear()
const service = createServer((request, response) => void answer(cache, request, response))
service.listen(0, '127.0.0.1')
await once(service, 'listening')
const { port } = service.address() as AddressInfo

const body = JSON.stringify({ text: 'Hello, world', operation: 'summarize' })
const ask = async (): Promise<string> => {
  const answered = await fetch(`http://127.0.0.1:${port}/process`, { method: 'POST', body })
  return answered.text()
}
console.log(await ask()) // {"summary":"Hello"}
console.log(await ask()) // {"summary":"Hello"}
console.log(processed) // 1
service.close()
await cache.close()
