import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { type AIRequest, AIResponseCache } from '@verbatim/cache-ai'

/** Opens the cache. The rest of the service does not depend on its options. */
async function openCache(): Promise<AIResponseCache> {
  const cache = new AIResponseCache({
    redisUrl: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
    keyPrefix: `verbatim-example:${process.pid}:`,
  })
  await cache.connect()
  return cache
}

let processed = 0
async function askTheModel(request: AIRequest): Promise<object> {
  processed++
  return { summary: request.text.slice(0, 5) }
}

const sessions = new Map([
  ['token-of-ada', { tenant: 'ada' }],
  ['token-of-charles', { tenant: 'charles' }],
])

/** Handles POST /process. Responds from the cache of the tenant, or with a response of the model. */
async function answer(
  cache: AIResponseCache,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const session = sessions.get(request.headers.authorization?.replace('Bearer ', '') ?? '')
  if (session === undefined) {
    response.writeHead(401).end()
    return
  }
  // The body comes from the client. Copying its fields one by one ignores a tenant in it.
  const { text, operation } = (await json(request)) as { text: string; operation: string }
  const asked = { text, operation, tenant: session.tenant }
  const { response: result } = await cache.getOrCompute(asked, () => askTheModel(asked))
  response.end(JSON.stringify(result))
}

const cache = await openCache()
const service = createServer((request, response) => void answer(cache, request, response))
service.listen(0, '127.0.0.1')
await once(service, 'listening')
const { port } = service.address() as AddressInfo

const body = JSON.stringify({ text: 'Hello, world', operation: 'summarize', tenant: 'ada' })
const ask = async (token: string): Promise<string> => {
  const headers = { authorization: `Bearer ${token}` }
  const answered = await fetch(`http://127.0.0.1:${port}/process`, {
    method: 'POST',
    headers,
    body,
  })
  return answered.text()
}
console.log(await ask('token-of-ada')) // {"summary":"Hello"}
console.log(await ask('token-of-ada')) // {"summary":"Hello"}
console.log(processed) // 1
// Another session is another tenant, even with the same body.
await ask('token-of-charles')
console.log(processed) // 2
service.close()
await cache.close()
