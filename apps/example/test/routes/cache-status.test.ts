import { expect, test } from 'vitest'
import { startService } from '../support/service.js'

test('the status has the mode, the entries in memory and the hit rate', async () => {
  const { app } = await startService()
  const payload = { text: 'It rained all day.', operation: 'sentiment' }
  for (let time = 0; time < 4; time++)
    await app.inject({ method: 'POST', url: '/process', payload })
  const reply = await app.inject('/internal/cache/status')
  expect(reply.json()).toEqual({
    mode: 'memory',
    redis: { status: 'not_configured' },
    memory: {
      memory_cache_entries: 1,
      memory_cache_size_limit: 1000,
      memory_cache_utilization: '1/1000',
    },
    performance: {
      cache_hit_rate: 75,
      total_cache_operations: expect.any(Number),
      cache_hits: 3,
      cache_misses: 1,
    },
  })
})

test('the status has no hit rate before the first request', async () => {
  const { app } = await startService()
  const { performance } = (await app.inject('/internal/cache/status')).json<{
    performance: object
  }>()
  expect(performance).toEqual({ total_cache_operations: 0, cache_hits: 0, cache_misses: 0 })
})
