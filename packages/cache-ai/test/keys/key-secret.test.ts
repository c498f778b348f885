import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import { ConfigurationError, Secret } from '@verbatim/cache-core'
import { KeyRing } from '@verbatim/cache-redis'
import { ModelServer } from '@verbatim/model-server'
import { afterAll, describe, expect, test } from 'vitest'
import { explainKey, SHARED } from '../../src/ai-sdk/index.js'
import { createCachingFetch } from '../../src/fetch/index.js'
import { AIResponseCache, CacheKeyGenerator } from '../../src/index.js'
import { checkedKeySecret } from '../../src/keys/key-secret.js'
import { textDigest } from '../../src/keys/text-digest.js'
import { SetUp } from '../set-up.js'

const at = new SetUp()
const server = await ModelServer.start()
afterAll(() => server[Symbol.asyncDispose]())

const SECRET = 'a secret of more than 32 characters'
const OTHER = SECRET.toUpperCase()

/** Prompts that a reader of Redis guesses. The first one is stored. */
const GUESSES = ['Is Ada ill?', ...Array.from({ length: 50 }, (_, index) => `guess ${index}`)]
const [PROMPT = ''] = GUESSES
const TENANTS = ['ada', 'bob']
const REQUEST = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'gpt-test', messages: [{ role: 'user', content: PROMPT }] }),
}

/** Stores a response and the answer of a model. Returns all keys in Redis. */
async function keysAfterStoring(keySecret?: string | Secret): Promise<string> {
  await at.raw.flushall()
  const encryption = { keys: KeyRing.generate() }
  const cache = await at.openConnected({ keyStyle: 'hashed', keySecret, encryption })
  const request = { text: PROMPT, operation: 'qa', tenant: 'ada' }
  await cache.cacheResponse({ ...request, response: 'No.' })
  expect(await cache.getCachedResponse(request)).toMatchObject({ response: 'No.' })
  const ask = createCachingFetch({ cache, tenant: 'ada', keySecret })
  for (const status of ['MISS', 'HIT']) {
    const response = await ask(`${server.url}/v1/chat/completions`, REQUEST)
    await response.text()
    expect(ask.getStats().calls).toMatchObject({ [status]: 1 })
  }
  return (await at.raw.keys('*')).join('\n')
}

/** Returns the guesses that a reader of Redis can confirm, with a secret that may be a guess, too. */
function confirmed(keys: string, keySecret?: string): { prompts: string[]; tenants: string[] } {
  const generator = new CacheKeyGenerator({ keyStyle: 'hashed', keySecret })
  const isStored = (part: 0 | 1, prompt: string, tenant: string): boolean => {
    const key = generator.generateCacheKey(prompt, 'qa', {}, undefined, tenant)
    return keys.includes(key.match(/[\da-f]{32}/g)?.[part] ?? 'no digest')
  }
  return {
    prompts: GUESSES.filter((guess) => isStored(1, guess, 'ada')),
    tenants: TENANTS.filter((guess) => isStored(0, PROMPT, guess)),
  }
}

describe('a reader of Redis', () => {
  test('confirms a guessed prompt and a guessed tenant without a secret', async () => {
    expect(confirmed(await keysAfterStoring())).toEqual({ prompts: [PROMPT], tenants: ['ada'] })
  })

  test('confirms no guess with a secret, unless the reader has the secret', async () => {
    const keys = await keysAfterStoring(SECRET)
    expect(confirmed(keys)).toEqual({ prompts: [], tenants: [] })
    expect(confirmed(keys, OTHER)).toEqual({ prompts: [], tenants: [] })
    expect(confirmed(keys, SECRET)).toEqual({ prompts: [PROMPT], tenants: ['ada'] })
  })

  test('finds no digest of a model call that can be computed without the secret', async () => {
    const digests = (keys: string): string[] => keys.match(/(?<=[:])[\w-]{22,43}(?=[:\n]|$)/g) ?? []
    const modelKeys = (keys: string): string =>
      keys.split('\n').find((key) => key.includes('model:')) ?? ''
    const plain = digests(modelKeys(await keysAfterStoring()))
    const keyed = digests(modelKeys(await keysAfterStoring(SECRET)))
    expect([plain.length, keyed.length]).toEqual([2, 2])
    expect(keyed.filter((digest) => plain.includes(digest))).toEqual([])
    expect(digests(modelKeys(await keysAfterStoring(new Secret(SECRET))))).toEqual(keyed)
  })
})

test('a secret changes the digests of a key, and not its form', () => {
  const keys = new CacheKeyGenerator({ keyStyle: 'hashed', keySecret: SECRET })
  const same = new CacheKeyGenerator({ keyStyle: 'hashed', keySecret: new Secret(SECRET) })
  const key = keys.generateCacheKey('text', 'qa', { a: 1 }, 'Why?', 'ada')
  expect(key).toMatch(/^ai_cache:tenant:[\da-f]{32}\|op:qa\|h:[\da-f]{32}$/)
  expect(same.generateCacheKey('text', 'qa', { a: 1 }, 'Why?', 'ada')).toBe(key)
  expect(key.startsWith(keys.operationPrefix('qa', 'ada'))).toBe(true)
})

test.each(['text', 'a'.repeat(100_000), '😀'.repeat(40_000)])(
  'the digest of %.10s with a secret is its HMAC',
  (text) => {
    const expected = createHmac('sha256', SECRET).update(text).digest('hex')
    expect(textDigest('sha256', text, '', checkedKeySecret(SECRET))).toBe(expected)
  },
)

test('explainKey returns the key that a cache with the secret uses', () => {
  const model = { provider: 'openai', modelId: 'gpt-test' }
  const params = { prompt: [{ role: 'user', content: [{ type: 'text', text: PROMPT }] }] }
  const explained = (keySecret?: string | Secret): object =>
    explainKey({ model, params }, { tenant: SHARED, keySecret })
  expect(explained(SECRET)).toEqual(explained(new Secret(SECRET)))
  const all = [undefined, SECRET, OTHER].map((secret) => Reflect.get(explained(secret), 'key'))
  expect(new Set(all).size).toBe(3)
})

test.each([
  ['a short text', { keyStyle: 'hashed', keySecret: 'canary' }, 'of 32 to 1024 characters'],
  ['a short Secret', { keyStyle: 'hashed', keySecret: new Secret('canary') }, 'another length'],
  ['another type', { keyStyle: 'hashed', keySecret: 42 }, 'received a number'],
  ['readable keys', { keySecret: `canary ${SECRET}` }, "with keyStyle: 'hashed'"],
  ['legacy keys', { keyStyle: 'legacy', keySecret: SECRET }, "received keyStyle: 'legacy'"],
])('%s: the option is rejected, and the error does not show it', (_case, options, message) => {
  const create = (): unknown => new CacheKeyGenerator(options as never)
  expect(create).toThrow(ConfigurationError)
  expect(create).toThrow(message)
  expect(() => new AIResponseCache(options as never)).toThrow('keySecret must be')
  expect(create).toThrow(
    expect.toSatisfy((error) => !inspect(error, { depth: null }).includes('canary')),
  )
})

test('inspecting a generator does not show its secret', () => {
  const keys = new CacheKeyGenerator({ keyStyle: 'hashed', keySecret: SECRET })
  expect(inspect(keys, { depth: null, showHidden: true })).not.toContain(SECRET)
})
