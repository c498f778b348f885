import { CacheError, type CacheMonitor, MAX_KEY_BYTES, ValidationError } from '@verbatim/cache-core'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import {
  AIResponseCache,
  CacheKeyGenerator,
  type KeySelection,
  type KeyStyle,
} from '../../src/index.js'
import { jsonValue } from './json-values.js'

/** The pairs of requests that each law compares. A nightly run sets more. */
const PAIRS = Number(process.env['PAIRS'] ?? 13_000)
const LONG = 3_600_000

const generator = new CacheKeyGenerator()

describe('readable keys', () => {
  test.each([
    ['Test text', 'sentiment', {}, undefined, 'ai_cache:op:sentiment|txt:Test text'],
    ['a|b:c%', 'summarize', {}, undefined, 'ai_cache:op:summarize|txt:a%7Cb%3Ac%25'],
    ['text', 'op|txt:x', {}, undefined, 'ai_cache:op:op%7Ctxt%3Ax|txt:text'],
    ['text', 'qa', {}, '', 'ai_cache:op:qa|txt:text'],
  ])(
    'the text %j and the operation %s have a readable key',
    (text, operation, options, question, key) => {
      expect(generator.generateCacheKey(text, operation, options, question)).toBe(key)
    },
  )

  test('options and question become digests of 128 bits', () => {
    expect(generator.generateCacheKey('text', 'qa', { max_length: 100 }, 'Why?')).toMatch(
      /^ai_cache:op:qa\|txt:text\|opts:[0-9a-f]{32}\|q:[0-9a-f]{32}$/,
    )
  })

  test('a key contains a text up to the threshold, and a digest of a longer one', () => {
    const short = new CacheKeyGenerator({ textHashThreshold: 10 })
    expect(short.generateCacheKey('A'.repeat(10), 'op')).toContain('txt:AAAAAAAAAA')
    expect(short.generateCacheKey('A'.repeat(11), 'op')).toMatch(/txt:hash:[0-9a-f]{32}$/)
    expect(short.generateCacheKey('😀'.repeat(10), 'op')).toContain('😀')
    expect(short.generateCacheKey('😀'.repeat(11), 'op')).toContain('hash:')
  })

  test('a text of few characters and many bytes is hashed', () => {
    const key = generator.generateCacheKey('😀'.repeat(999), 'op')
    expect(key).toContain('txt:hash:')
    expect(Buffer.byteLength(key)).toBeLessThanOrEqual(MAX_KEY_BYTES)
  })

  test('a text that looks like a digest has another key than the text of that digest', () => {
    const long = 'A'.repeat(1_001)
    const digest = generator.generateCacheKey(long, 'op').split('txt:')[1] ?? ''
    expect(generator.generateCacheKey(digest, 'op')).not.toBe(
      generator.generateCacheKey(long, 'op'),
    )
  })
})

describe('hashed keys', () => {
  test('a hashed key shows the operation and nothing else', () => {
    const hashed = new CacheKeyGenerator({ keyStyle: 'hashed' })
    expect(hashed.generateCacheKey('private text', 'qa', { tone: 'dry' }, 'private?')).toMatch(
      /^ai_cache:op:qa\|h:[0-9a-f]{32}$/,
    )
  })
})

interface Request {
  readonly text: string
  readonly operation: string
  readonly options: Record<string, unknown>
  readonly question: string | undefined
  readonly tenant: string | undefined
}

const part = fc.oneof(
  fc.string({ minLength: 1, maxLength: 8 }),
  fc.constantFrom('a|b', 'a:b', 'a_b'),
)
const request: fc.Arbitrary<Request> = fc.record({
  text: fc.oneof(
    part,
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.constantFrom('\ud800', '\ud801'),
  ),
  operation: part,
  options: fc.dictionary(
    fc.string({ maxLength: 4 }),
    fc.oneof(jsonValue, fc.constantFrom(1, '1', true, 'true', null, 'null')),
  ),
  question: fc.option(fc.string({ minLength: 1, maxLength: 8 }), { nil: undefined }),
  tenant: fc.option(part, { nil: undefined }),
})

describe.each<KeyStyle>(['readable', 'hashed'])('%s keys', (keyStyle) => {
  const keys = new CacheKeyGenerator({ keyStyle })
  const keyOf = ({ text, operation, options, question, tenant }: Request): string =>
    keys.generateCacheKey(text, operation, options, question, tenant)

  test(
    'different requests have different keys',
    () => {
      fc.assert(
        fc.property(request, request, (one, other) => {
          const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
          expect(keyOf(one) === keyOf(other)).toBe(same)
        }),
        { numRuns: PAIRS },
      )
    },
    LONG,
  )

  test(
    'changing any one part changes the key',
    () => {
      fc.assert(
        fc.property(request, part, (one, added) => {
          const changed: Request[] = [
            { ...one, text: one.text + added },
            { ...one, operation: `${one.operation}x` },
            { ...one, options: { ...one.options, [`new-${added}`]: 1 } },
            { ...one, question: `${one.question ?? ''}${added}` },
            { ...one, tenant: `${one.tenant ?? ''}${added}` },
          ]
          expect(new Set([one, ...changed].map(keyOf)).size).toBe(6)
        }),
        { numRuns: PAIRS },
      )
    },
    LONG,
  )

  test('the order of options does not change the key at any depth', () => {
    fc.assert(
      fc.property(request, (one) => {
        const reversed = { ...one, options: reverse(one.options) as Record<string, unknown> }
        expect(keyOf(reversed)).toBe(keyOf(one))
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    [{ a: '1&b=2' }, { a: '1', b: '2' }],
    [{ n: 100 }, { n: '100' }],
    [{ flag: true }, { flag: 'True' }],
    [{ flag: null }, {}],
    [{ date: new Date(0) }, { date: new Date(0).toISOString() }],
  ])('the options %j and %j have different keys', (one, other) => {
    const of = (options: Record<string, unknown>): string =>
      keys.generateCacheKey('text', 'op', options)
    expect(of(one)).not.toBe(of(other))
  })

  test('questions with the same key in the Python version have different keys', () => {
    const of = (question: string): string => keys.generateCacheKey('text', 'qa', {}, question)
    expect(of('What is item 91748?')).not.toBe(of('What is item 95940?'))
  })
})

describe('invalid arguments', () => {
  test.each<[unknown[], string]>([
    [['', 'op'], 'text must be a non-empty string'],
    [[42, 'op'], 'text must be a non-empty string; received 42'],
    [['text', ''], 'operation must be a string of 1 to 64'],
    [
      ['text', 'o'.repeat(65)],
      'operation must be a string of 1 to 64 characters; received a string',
    ],
    [['text', '\ud800'], 'operation must be a string'],
    [['text', 'op', null], 'options must be a plain object; received null'],
    [['text', 'op', []], 'options must be a plain object; received an array'],
    [['text', 'op', { t: Number.NaN }], 'options["t"] must be plain data'],
    [['text', 'op', { deep: { call: () => 1 } }], 'options["deep"]["call"] must be plain data'],
    [['text', 'op', {}, 42], 'question must be a string, or undefined for none; received 42'],
    [['text', 'op', {}, undefined, ''], 'tenant must be a string of 1 to 128'],
    [['text', 'op', {}, undefined, 'x'.repeat(129)], 'tenant must be a string of 1'],
    [['text', 'op', {}, undefined, '\ud800'], 'tenant must be a string'],
  ])('rejects the arguments %j', (given, message) => {
    const call = (): string =>
      generator.generateCacheKey(...(given as Parameters<typeof generator.generateCacheKey>))
    expect(call).toThrow(ValidationError)
    expect(call).toThrow(message)
  })

  test.each([
    [{ textHashThreshold: 0 }, 'textHashThreshold must be an integer from 1 to 100000; received 0'],
    [{ prefix: 'x'.repeat(129) }, 'prefix must be a string of at most 128 characters; received'],
    [{ hashAlgorithm: 'crc32' }, 'hashAlgorithm must be a hash of 128 bits or more'],
    [{ hashAlgorithm: 'shake256' }, 'hashAlgorithm must be a hash of 128 bits or more'],
    [
      { keyStyle: 'short' as KeyStyle },
      "keyStyle must be one of 'readable', 'hashed', 'legacy'; received a string",
    ],
  ])('rejects the options %j', (options, message) => {
    expect(() => new CacheKeyGenerator(options)).toThrow(CacheError)
    expect(() => new CacheKeyGenerator(options)).toThrow(message)
  })
})

describe('tenants', () => {
  test.each<[KeyStyle, RegExp]>([
    ['readable', /^ai_cache:tenant:a%7Cb\|op:qa\|txt:text$/],
    ['hashed', /^ai_cache:tenant:[0-9a-f]{32}\|op:qa\|h:[0-9a-f]{32}$/],
  ])('only the %s keys of a tenant begin with its prefix', (keyStyle, form) => {
    const keys = new CacheKeyGenerator({ keyStyle })
    const key = keys.generateCacheKey('text', 'qa', {}, undefined, 'a|b')
    expect(key).toMatch(form)
    expect(key.startsWith(keys.tenantPrefix('a|b'))).toBe(true)
    expect(keys.tenantPrefix(undefined)).toBe('ai_cache:')
    const others = [undefined, 'a', 'a%7Cb', 'a|b|', 'b'].map((tenant) =>
      keys.generateCacheKey('text', 'qa', {}, undefined, tenant),
    )
    for (const other of others) expect(other.startsWith(keys.tenantPrefix('a|b'))).toBe(false)
  })

  test.each<KeyStyle>(['readable', 'hashed'])(
    'a pattern selects the %s keys of an operation, of a tenant, or of both',
    async (keyStyle) => {
      const cache = new AIResponseCache({ keyStyle })
      const owners = [undefined, 'a|b', 'op:qa|']
      for (const operation of ['qa', 'qa|*', 'sum']) {
        for (const tenant of owners) {
          const text = 'a text with op:qa| in it'
          await cache.cacheResponse({ text, operation, tenant, response: [operation, tenant] })
        }
      }
      const found = async (selection?: KeySelection): Promise<unknown[]> => {
        const responses: unknown[] = []
        for await (const entry of cache.inspect(cache.keyPattern(selection))) {
          responses.push('value' in entry ? Object(entry.value).response : entry)
        }
        return responses
      }
      expect(await found()).toHaveLength(9)
      const ofOperation = await found({ operation: 'qa' })
      expect(new Set(ofOperation)).toEqual(new Set(owners.map((tenant) => ['qa', tenant])))
      const ofTenant = await found({ tenant: 'a|b' })
      expect(new Set(ofTenant)).toEqual(
        new Set(['qa', 'qa|*', 'sum'].map((operation) => [operation, 'a|b'])),
      )
      expect(await found({ operation: 'qa|*', tenant: 'op:qa|' })).toEqual([['qa|*', 'op:qa|']])
    },
  )

  test.each([
    [{ tenants: 'a' }, 'selection must not have the unknown field tenants'],
    [{ operation: '' }, 'operation must be'],
    [{ tenant: 5 }, 'tenant must be'],
  ])('a pattern of %j is rejected', (selection, message) => {
    const keys = new CacheKeyGenerator()
    expect(() => keys.keyPattern(selection as KeySelection)).toThrow(message)
  })

  test('legacy keys have no tenants', () => {
    const keys = new CacheKeyGenerator({ keyStyle: 'legacy' })
    expect(() => keys.tenantPrefix('a')).toThrow('legacy keys have no tenants')
    expect(keys.tenantPrefix(undefined)).toBe('ai_cache:')
  })
})

describe('statistics of keys', () => {
  const performanceMonitor = { observeKeyGeneration: () => {} } as unknown as CacheMonitor

  test('a generator without a monitor counts nothing', () => {
    const keys = new CacheKeyGenerator()
    keys.generateCacheKey('text', 'qa')
    expect(keys.getKeyGenerationStats()).toEqual({
      totalKeysGenerated: 0,
      textSizeDistribution: { small: 0, large: 0 },
      operationDistribution: {},
      recentPerformance: { recentMeasurements: 0 },
      monitorAvailable: false,
    })
  })

  test('a generator with a monitor counts keys, texts and durations', () => {
    const keys = new CacheKeyGenerator({ performanceMonitor, textHashThreshold: 10 })
    for (let count = 0; count < 12; count++) keys.generateCacheKey('a'.repeat(count + 1), 'qa')
    keys.generateCacheKey('text', 'summarize')
    const stats = keys.getKeyGenerationStats()
    expect(stats).toMatchObject({
      totalKeysGenerated: 13,
      textSizeDistribution: { small: 11, large: 2, averageSize: 82 / 13, maxSize: 12 },
      operationDistribution: { qa: 12, summarize: 1 },
      recentPerformance: { recentMeasurements: 10 },
      monitorAvailable: true,
    })
    expect(stats.averageGenerationTimeSeconds).toBeGreaterThan(0)
    expect(stats.recentPerformance.recentAverageTimeSeconds).toBeGreaterThan(0)
  })

  test('the statistics name a hundred operations', () => {
    const keys = new CacheKeyGenerator({ performanceMonitor })
    for (let count = 0; count < 150; count++) keys.generateCacheKey('text', `op-${count}`)
    const { operationDistribution } = keys.getKeyGenerationStats()
    expect(Object.keys(operationDistribution)).toHaveLength(101)
    expect(operationDistribution['other']).toBe(50)
  })
})

test('the monitor receives each key once', () => {
  const observeKeyGeneration = vi.fn()
  const performanceMonitor = { observeKeyGeneration } as unknown as CacheMonitor
  new CacheKeyGenerator({ performanceMonitor }).generateCacheKey('text', 'qa')
  expect(observeKeyGeneration).toHaveBeenCalledExactlyOnceWith(expect.any(Number), 4, 'qa')
})

function reverse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverse)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, item]) => [name, reverse(item)]),
  )
}

/** Sorts the names of every object and replaces `-0` by `0`, so that equal requests look equal. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (Object.is(value, -0)) return 0
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, item]) => [name, sorted(item)]),
  )
}
