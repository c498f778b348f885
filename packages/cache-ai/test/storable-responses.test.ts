import { describe, expect, test } from 'vitest'
import { AIResponseCache, type AIResponseCacheOptions } from '../src/index.js'
import { refusals, SetUp } from './set-up.js'

const at = new SetUp()
const request = { text: 'List the steps.', operation: 'qa' }

describe('the path of a part that cannot be stored', () => {
  class Usage {
    tokens = 3

    cost(): number {
      return this.tokens
    }
  }
  const response = { id: 1, choices: [{ message: { usage: new Usage() } }] }

  test.each(['freeze', 'none', 'clone'] as const)(
    'is named with isolation %s as its owner knows it',
    async (isolation) => {
      const cache = await at.openConnected({ isolation })
      await expect(cache.cacheResponse({ ...request, response })).rejects.toMatchObject({
        code: 'NOT_SERIALIZABLE',
        message:
          'response.choices[0].message.usage must be plain data; received an instance of Usage. ' +
          'Return plain data, or pass serialize and revive to the cache',
      })
    },
  )
})

describe('an instance with toJSON', () => {
  class Data {
    text = 'hi'
    tokens = 2

    toJSON(): object {
      return { text: this.text, tokens: this.tokens }
    }
  }
  class Lossy extends Data {
    override toJSON(): object {
      return { text: this.text }
    }
  }
  class WithMethods extends Data {
    shout(): string {
      return this.text.toUpperCase()
    }
  }

  test('is stored as its data when it has nothing else', async () => {
    const cache = await at.openConnected()
    let calls = 0
    const compute = (): object => {
      calls++
      return { choices: [new Data()] }
    }
    const results = [
      await cache.getOrCompute(request, compute),
      await cache.getOrCompute(request, compute),
    ]
    for (const { response } of results) {
      expect(response).toStrictEqual({ choices: [{ text: 'hi', tokens: 2 }] })
    }
    expect(calls).toBe(1)
  })

  test.each([
    ['loses a field', Lossy],
    ['has other methods', WithMethods],
  ])('is not stored when it %s', async (_what, Class) => {
    const cache = await at.openConnected()
    for (let call = 0; call < 2; call++) {
      const { response, cached } = await cache.getOrCompute(request, () => new Class())
      expect(response).toBeInstanceOf(Class)
      expect(cached.hit).toBe(false)
    }
  })
})

/** Returns an object that contains one other object twice, and so on for each level. */
function sharedLevels(levels: number): object {
  let shared: object = { text: 'leaf' }
  for (let level = 0; level < levels; level++) shared = { first: shared, second: shared }
  return shared
}

function cyclicTree(): object {
  const tree: { children: object[] } = { children: [] }
  tree.children.push({ parent: tree }, { parent: tree })
  return tree
}

describe.each(['freeze', 'clone', 'none'] as const)(
  'a response with shared objects (isolation %s)',
  (isolation) => {
    describe.each<[string, (options: AIResponseCacheOptions) => Promise<AIResponseCache>]>([
      ['with Redis', (options) => at.openConnected(options)],
      ['while Redis is away', (options) => at.openAlone(options)],
      ['memory only', async (options) => new AIResponseCache(options)],
    ])('%s', (_where, open) => {
      test.each<[string, () => object, string]>([
        ['a cycle', cyclicTree, 'NOT_SERIALIZABLE'],
        ['40 shared levels', () => sharedLevels(40), 'VALUE_TOO_LARGE'],
      ])('reaches its caller at once and is not stored with %s', async (_what, make, code) => {
        const cache = await open({ isolation })
        const codes = refusals(cache)
        const made = make()
        const { response } = await cache.getOrCompute(request, () => made)
        expect(Object.keys(response)).toEqual(Object.keys(made))
        expect(codes).toEqual([code])
        const call = cache.cacheResponse({ ...request, response: made })
        await expect(call).rejects.toMatchObject({ code })
        expect(await cache.getCachedResponse(request)).toBeUndefined()
        await cache.close()
      })

      test('is stored when few objects are shared', async () => {
        const cache = await open({ isolation })
        await cache.getOrCompute(request, () => sharedLevels(5))
        expect((await cache.getCachedResponse(request))?.response).toEqual(sharedLevels(5))
        await cache.close()
      })
    })
  },
)

test('serialize may not return data that repeat objects too often', async () => {
  const cache = await at.openConnected({ serialize: () => sharedLevels(40) })
  const codes = refusals(cache)
  expect((await cache.getOrCompute(request, () => 'answer')).response).toBe('answer')
  expect(codes).toEqual(['VALUE_TOO_LARGE'])
})
