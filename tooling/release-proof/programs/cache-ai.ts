import assert from 'node:assert/strict'
import { type AIRequest, AIResponseCache } from '@verbatim/cache-ai'
import { createCacheMiddleware, SHARED } from '@verbatim/cache-ai/ai-sdk'
import { createCachingFetch } from '@verbatim/cache-ai/fetch'
import { CacheCompatibilityWrapper } from '@verbatim/cache-ai/legacy'
import { cassette } from '@verbatim/cache-ai/testing'

const cache = new AIResponseCache({ redisUrl: process.env['REDIS_URL'] })
const request: AIRequest = {
  text: `A text (${process.pid}).`,
  operation: 'summarize',
  options: { maxLength: 9 },
}
await cache.cacheResponse({ ...request, response: { summary: 'Short.' } })

const found = await cache.getCachedResponse<{ summary: string }>(request)
assert.equal(found?.response.summary, 'Short.')
assert.equal(await cache.getCachedResponse({ ...request, options: { maxLength: 10 } }), undefined)
const computed = await cache.getOrCompute(request, () => assert.fail('it is in the cache'))
assert.deepEqual(computed.response, { summary: 'Short.' })

const wrapped = new CacheCompatibilityWrapper(cache, { emitWarnings: false })
const flat = await wrapped.get_cached_response(request.text, 'summarize', request.options)
assert.equal(flat?.['summary'], 'Short.')

// The clients of models are optional peers, so their subpaths load without them.
let asked = 0
const cachingFetch = createCachingFetch({
  cache,
  tenant: SHARED,
  fetch: async () => {
    asked++
    const message = { role: 'assistant', content: 'Yes.' }
    const choices = [{ index: 0, message, finish_reason: 'stop' }]
    return Response.json({ id: 'a', object: 'chat.completion', model: 'm', choices })
  },
})
const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: request.text }] })
for (const status of ['MISS', 'HIT']) {
  const response = await cachingFetch('https://api.openai.com/v1/chat/completions', {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body },
  })
  assert.equal(response.headers.get('x-cache'), status)
  assert.equal(asked, 1)
}
assert.equal(typeof createCacheMiddleware({ cache, tenant: SHARED }).wrapGenerate, 'function')
assert.equal(typeof cassette, 'function')
await cache.close()
console.log('ok')
