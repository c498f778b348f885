import { expect, test } from 'vitest'
import type { Analyzer } from '../../src/routes/process.js'
import { readSample } from '../support/samples.js'
import { type ProcessAnswer, resultBytes, startService } from '../support/service.js'
import { tasksFor } from '../support/tasks.js'

const text = readSample('day-of-infamy')

test.each(tasksFor('day-of-infamy'))(
  '$operation: first a miss, then a hit, same bytes',
  async (task) => {
    const { app } = await startService()
    const payload = { text, ...task }
    const first = await app.inject({ method: 'POST', url: '/process', payload })
    const second = await app.inject({ method: 'POST', url: '/process', payload })

    expect(first.statusCode).toBe(200)
    expect(first.json<ProcessAnswer>().cache).toMatchObject({ status: 'miss', ageMs: 0 })
    expect(second.json<ProcessAnswer>().cache.status).toBe('hit')
    expect(second.json<ProcessAnswer>().cache.key).toBe(first.json<ProcessAnswer>().cache.key)
    expect(resultBytes(second.body)).toBe(resultBytes(first.body))
    expect(resultBytes(first.body)).toBe(JSON.stringify(first.json<ProcessAnswer>().result))
  },
)

test('a hundred identical requests at the same time compute once', async () => {
  let computed = 0
  const { app } = await startService({
    analyzer: async () => {
      computed += 1
      return { result: { answer: 42 }, computeMs: 1 }
    },
  })
  const payload = { text, operation: 'summarize' }
  const replies = await Promise.all(
    Array.from({ length: 100 }, () => app.inject({ method: 'POST', url: '/process', payload })),
  )
  expect(computed).toBe(1)
  expect(new Set(replies.map(({ body }) => resultBytes(body)))).toEqual(new Set(['{"answer":42}']))
})

test('ten requests for one computation are one miss and nine joined', async () => {
  const { app } = await startService()
  const payload = { text, operation: 'summarize' }
  const replies = await Promise.all(
    Array.from({ length: 10 }, () => app.inject({ method: 'POST', url: '/process', payload })),
  )
  const statuses = replies.map((reply) => reply.json<ProcessAnswer>().cache.status)
  expect(statuses.filter((status) => status === 'miss')).toHaveLength(1)
  expect(statuses.filter((status) => status === 'joined')).toHaveLength(9)
})

test('a hit reports how long the analysis took and how much time the hit saved', async () => {
  const analyzer: Analyzer = async () => ({ result: {}, computeMs: 1234.5678 })
  const { app } = await startService({ analyzer })
  const payload = { text, operation: 'summarize' }
  const first = await app.inject({ method: 'POST', url: '/process', payload })
  const second = await app.inject({ method: 'POST', url: '/process', payload })
  const miss = first.json<ProcessAnswer>().cache
  const hit = second.json<ProcessAnswer>().cache
  expect(miss.computeMs).toBe(1234.568)
  expect(miss).not.toHaveProperty('savedMs')
  expect(hit.computeMs).toBe(1234.568)
  expect(hit.savedMs).toBeCloseTo(1234.568 - hit.durationMs, 2)
})

test('omitted options and their defaults make the same request', async () => {
  const { app } = await startService()
  const post = async (payload: object): Promise<ProcessAnswer> =>
    (await app.inject({ method: 'POST', url: '/process', payload })).json<ProcessAnswer>()
  await post({ text, operation: 'summarize' })
  expect((await post({ text, operation: 'summarize', options: {} })).cache.status).toBe('hit')
  const spelledOut = { text, operation: 'summarize', options: { max_sentences: 3 } }
  expect((await post(spelledOut)).cache.status).toBe('hit')
  const other = { text, operation: 'summarize', options: { max_sentences: 4 } }
  expect((await post(other)).cache.status).toBe('miss')
})

test('two questions about one text have two answers', async () => {
  const { app } = await startService()
  const ask = async (question: string): Promise<ProcessAnswer> => {
    const payload = { text, operation: 'qa', question }
    return (await app.inject({ method: 'POST', url: '/process', payload })).json<ProcessAnswer>()
  }
  const who = await ask('Who attacked Hong Kong?')
  const when = await ask('When was the United States attacked?')
  expect(who.result).toMatchObject({ answer: 'Japanese forces' })
  expect(when.result).toMatchObject({ answer: 'December 7th, 1941' })
  expect(when.cache.key).not.toBe(who.cache.key)
})

test('a failed analysis is a 500 without details, is logged without them, and is not stored', async () => {
  const logged: string[] = []
  let computed = 0
  const { app, cache } = await startService({
    analyzer: async () => {
      computed += 1
      throw new Error('a secret inside')
    },
    logStream: { write: (line) => void logged.push(line) },
  })
  const payload = { text, operation: 'sentiment' }
  for (let attempt = 0; attempt < 2; attempt++) {
    const reply = await app.inject({ method: 'POST', url: '/process', payload })
    expect(reply.statusCode).toBe(500)
    expect(reply.json()).toEqual({
      error: { code: 'INTERNAL_ERROR', message: 'something went wrong on our side' },
    })
  }
  expect(computed).toBe(2)
  expect(cache.getStats().memory?.totalEntries).toBe(0)
  expect(logged).toHaveLength(2)
  expect(logged[0]).toMatch(/"msg":"POST \/process failed: Error at /)
  expect(logged.join('')).not.toContain('secret')
})

test('closing the service closes the cache', async () => {
  const { app, cache } = await startService()
  let closed = 0
  cache.close = async () => void (closed += 1)
  await app.close()
  expect(closed).toBe(1)
})
