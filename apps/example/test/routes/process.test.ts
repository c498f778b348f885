import { expect, test, vi } from 'vitest'
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

test('a hundred identical requests at once compute once', async () => {
  let computed = 0
  const { app } = await startService(() => {
    computed += 1
    return { answer: 42 }
  })
  const payload = { text, operation: 'summarize' }
  const replies = await Promise.all(
    Array.from({ length: 100 }, () => app.inject({ method: 'POST', url: '/process', payload })),
  )
  expect(computed).toBe(1)
  expect(new Set(replies.map(({ body }) => resultBytes(body)))).toEqual(new Set(['{"answer":42}']))
})

test('those who waited for the computation of another had no hit', async () => {
  const { app, cache } = await startService(() => ({ answer: 42 }))
  const payload = { text, operation: 'summarize' }
  const replies = await Promise.all(
    [1, 2].map(() => app.inject({ method: 'POST', url: '/process', payload })),
  )
  const misses = replies.filter((reply) => reply.json<ProcessAnswer>().cache.status === 'miss')
  expect(misses).toHaveLength(cache.getStats().misses)
})

test('options left out and options with their defaults are one request', async () => {
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

test('work that fails is a 500 that tells only us, and is not stored', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  let computed = 0
  const { app, cache } = await startService(() => {
    computed += 1
    throw new Error('a secret inside')
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
  expect(cache.getStats().totalEntries).toBe(0)
  expect(logged).toHaveBeenCalledTimes(2)
  logged.mockRestore()
})

test('closing the service closes the cache', async () => {
  const { app, cache } = await startService()
  let closed = 0
  cache.close = async () => void (closed += 1)
  await app.close()
  expect(closed).toBe(1)
})
