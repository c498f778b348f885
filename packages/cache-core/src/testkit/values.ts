import { type CacheContract, cacheTest, promises } from './contract.js'
import { unreachable } from './expectations.js'
import { describe, expect } from './test-runner.js'

/** Values that JSON can represent. */
const PLAIN: Readonly<Record<string, unknown>> = {
  null: null,
  zero: 0,
  false: false,
  'empty text': '',
  'empty object': {},
  'empty list': [],
  text: 'naïve café, 日本語, 😀',
  'half a surrogate pair': '\ud800',
  nested: { list: [1, [2, { three: null }]], flag: true },
  'object with dollar names': { $date: 1, $$x: { $map: [] }, '': 'empty name' },
  'a megabyte': 'verbatim '.repeat(120_000),
}

const OTHER: Readonly<Record<string, unknown>> = {
  'negative zero': -0,
  'not a number': Number.NaN,
  infinity: Number.NEGATIVE_INFINITY,
  'undefined inside': { gone: undefined, list: [1, undefined, 3] },
  date: new Date('2026-11-22T10:00:00.123Z'),
  bigint: 123_456_789_012_345_678_901_234_567_890n,
  bytes: new Uint8Array([0, 1, 127, 128, 255]),
  map: new Map<unknown, unknown>([
    ['a', 1],
    [{ key: 'object' }, new Set([1n])],
  ]),
  set: new Set(['x', null, 2]),
  url: new URL('https://example.org/path?q=1#part'),
}

export function valueTests(contract: CacheContract): void {
  const test = cacheTest(contract)
  const values = promises(contract, 'types') ? { ...PLAIN, ...OTHER } : PLAIN

  describe('values are returned unchanged:', () => {
    for (const [kind, value] of Object.entries(values)) {
      test(kind, async (cache) => {
        await cache.set('value', value)
        // Twice, because the first read may have copied the value to a memory tier.
        for (const attempt of [1, 2]) {
          expect(await cache.get('value'), `read ${attempt}`).toStrictEqual(value)
        }
        expect(await cache.exists('value')).toBe(true)
        expect(await cache.getMany(['value'])).toStrictEqual(new Map([['value', value]]))
        const loadedAgain = (): never => unreachable('it was there and is loaded again')
        expect(await cache.getOrSet<unknown>('value', loadedAgain)).toStrictEqual(value)
      })
    }
  })
}
