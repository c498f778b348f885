import { createHash } from 'node:crypto'
import { ValidationError } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { CacheKeyGenerator } from '../../src/index.js'

const legacy = new CacheKeyGenerator({ keyStyle: 'legacy' })

type Options = Record<string, unknown>

// The keys were made by the Python version.
describe('legacy keys', () => {
  test.each<[text: string, operation: string, options: Options, question: string, key: string]>([
    ['Test text', 'summarize', { max_length: 100 }, '', 'op:summarize|txt:Test text|opts:5104236b'],
    ['Test text', 'sentiment', {}, '', 'op:sentiment|txt:Test text'],
    ['Test text', 'qa', {}, 'What is this about?', 'op:qa|txt:Test text|q:b8632e50'],
    [
      'Test text',
      'qa',
      { max_length: 100 },
      'What is this about?',
      'op:qa|txt:Test text|opts:5104236b|q:b8632e50',
    ],
    [
      'Hello',
      'summarize',
      { max_length: 100, model: 'gpt-4' },
      '',
      'op:summarize|txt:Hello|opts:7090d258',
    ],
    [
      'Hello',
      'summarize',
      { model: 'gpt-4', max_length: 100 },
      '',
      'op:summarize|txt:Hello|opts:7090d258',
    ],
    [
      'Hello',
      'summarize',
      { style: 'formal', length: 'short' },
      '',
      'op:summarize|txt:Hello|opts:e8c2a3d9',
    ],
    ['Hello', 'summarize', { t: 0.7 }, '', 'op:summarize|txt:Hello|opts:920820b3'],
    ['a|b:c', 'summarize', {}, '', 'op:summarize|txt:a_b_c'],
    ['', 'summarize', { max_length: 100 }, '', 'op:summarize|txt:|opts:5104236b'],
    ['A'.repeat(1_001), 'summarize', {}, '', 'op:summarize|txt:hash:564869f68dbdc44f'],
    ['A'.repeat(1_500), 'summarize', {}, '', 'op:summarize|txt:hash:482d9536857cd940'],
    [`${'A'.repeat(1_500)} `, 'summarize', {}, '', 'op:summarize|txt:hash:a354f66bc24eaaed'],
    ['word '.repeat(400), 'summarize', {}, '', 'op:summarize|txt:hash:d2b74c517f1f1cf9'],
    ['é'.repeat(1_001), 'summarize', {}, '', 'op:summarize|txt:hash:bdc7fa0ade3e8b1f'],
    ['😀'.repeat(1_001), 'summarize', {}, '', 'op:summarize|txt:hash:07cf4bc03bb894fa'],
    ['x', 'op', { flag: true }, '', 'op:op|txt:x|opts:5ffa9b38'],
    ['x', 'op', { flag: null }, '', 'op:op|txt:x|opts:a934a045'],
    ['x', 'op', { l: ['a', 'b'] }, '', 'op:op|txt:x|opts:6303ce42'],
    ['x', 'op', { n: { x: 1 } }, '', 'op:op|txt:x|opts:e85d594f'],
  ])(
    'the request %.20s %s %j %s has the key of the Python version',
    (text, operation, options, question, key) => {
      expect(legacy.generateCacheKey(text, operation, options, question)).toBe(`ai_cache:${key}`)
    },
  )

  test('a key contains a text up to the threshold unchanged', () => {
    const key = legacy.generateCacheKey('A'.repeat(1_000), 'summarize')
    expect(key).toBe(`ai_cache:op:summarize|txt:${'A'.repeat(1_000)}`)
    expect(key).toHaveLength(1_026)
    expect(legacy.generateCacheKey('😀'.repeat(600), 'summarize')).toContain('😀'.repeat(600))
  })

  test.each([
    ['md5', '5dde063011355dfe'],
    ['sha1', 'e0a8137d95bd01ed'],
    ['sha512', '74cff76d314cec8b'],
  ])('%s makes the digest of the Python version', (hashAlgorithm, digest) => {
    const other = new CacheKeyGenerator({ keyStyle: 'legacy', hashAlgorithm })
    expect(other.generateCacheKey('A'.repeat(1_500), 'op')).toBe(
      `ai_cache:op:op|txt:hash:${digest}`,
    )
  })

  test.each<[given: string, make: () => unknown]>([
    ['a tenant', () => legacy.generateCacheKey('text', 'op', {}, undefined, 'tenant')],
    ['half a pair in the text', () => legacy.generateCacheKey('\ud800', 'op')],
    ['half a pair in the question', () => legacy.generateCacheKey('text', 'op', {}, '\udc00')],
    ['a date', () => legacy.generateCacheKey('text', 'op', { at: new Date(0) })],
    ['a function', () => legacy.generateCacheKey('text', 'op', { f: () => 1 })],
  ])('%s is rejected', (_given, make) => {
    expect(make).toThrow(ValidationError)
  })
})

// Each text was written by Python 3.11.
test.each<[value: unknown, text: string]>([
  ["it's", "it's"],
  [["it's"], '["it\'s"]'],
  [['a"b\'c'], "['a\"b\\'c']"],
  [['\u00a0x\u2028\u0007é😀\\\n\r\t y'], "['\\xa0x\\u2028\\x07é😀\\\\\\n\\r\\t y']"],
  [['\u{E0001}'], "['\\U000e0001']"],
  [1e-5, '1e-05'],
  [1.5e-7, '1.5e-07'],
  [-2.5e-10, '-2.5e-10'],
  [0.0001, '0.0001'],
  [123_456_789.125, '123456789.125'],
  [1e22, '10000000000000000000000'],
  [-0, '0'],
  [Number.NaN, 'nan'],
  [Number.NEGATIVE_INFINITY, '-inf'],
  [
    { a: [1, 2.5, null, true, 'x'], b: { c: 'd' } },
    "{'a': [1, 2.5, None, True, 'x'], 'b': {'c': 'd'}}",
  ],
  [[], '[]'],
  [{}, '{}'],
])('the option %j has the digest of the Python text %s', (option, text) => {
  const digest = createHash('md5').update(`option=${text}`).digest('hex').slice(0, 8)
  expect(legacy.generateCacheKey('x', 'op', { option })).toBe(`ai_cache:op:op|txt:x|opts:${digest}`)
})

test.each([new Map([['a', 1]]), new Date(5), new URL('http://host')])(
  'options that are not a plain object are rejected',
  (options) => {
    const keys = new CacheKeyGenerator({ keyStyle: 'legacy' })
    expect(() => keys.generateCacheKey('text', 'op', options as never)).toThrow(
      'options must be a plain object',
    )
  },
)
