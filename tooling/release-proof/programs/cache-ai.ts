import assert from 'node:assert/strict'
import { type AIRequest, AIResponseCache } from '@verbatim/cache-ai'
import { CacheCompatibilityWrapper } from '@verbatim/cache-ai/legacy'

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
await cache.close()
console.log('ok')
