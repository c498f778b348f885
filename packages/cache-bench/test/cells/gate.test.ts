import { describe, expect, test } from 'vitest'
import { checkSubject } from '../../src/cells/gate.js'
import type { CreateSubject, Subject } from '../../src/cells/subject.js'

const OPTIONS = { ttlMs: 60_000, maxSize: 100, redisUrl: undefined, keyPrefix: '' }

interface Defects {
  readonly losesFalsy?: boolean
  readonly neverExpires?: boolean
  readonly neverEvicts?: boolean
  readonly copies?: 'reads' | 'both'
}

/** Creates a correct cache by reference, except for its defects. */
function mapCache(defects: Defects = {}): CreateSubject {
  return ({ ttlMs, maxSize }): Subject => {
    const entries = new Map<string, { value: unknown; expiresAt: number }>()
    return {
      get: async (key) => {
        const entry = entries.get(key)
        const isExpired = entry !== undefined && entry.expiresAt < performance.now()
        if (entry === undefined || (isExpired && !defects.neverExpires)) return undefined
        if (defects.losesFalsy && !entry.value) return undefined
        return defects.copies === undefined ? entry.value : structuredClone(entry.value)
      },
      set: async (key, value) => {
        const stored = defects.copies === 'both' ? structuredClone(value) : value
        entries.set(key, { value: stored, expiresAt: performance.now() + ttlMs })
        const [oldest] = entries.keys()
        if (entries.size > maxSize && !defects.neverEvicts) entries.delete(oldest ?? '')
      },
    }
  }
}

describe('the correctness gate', () => {
  test.each([
    [{}, 'by reference'],
    [{ copies: 'reads' }, 'copied for readers'],
    [{ copies: 'both' }, 'copy-safe'],
  ] as const)('finds that a cache with %j is %s', async (defects, isolation) => {
    const outcome = await checkSubject({ tier: 'memory', create: mapCache(defects) }, OPTIONS)
    expect(outcome).toEqual({ isolation, failures: [] })
  })

  test.each([
    [{ losesFalsy: true }, 'falsy values: 0 was lost'],
    [{ neverExpires: true }, 'TTL: returned a value after its TTL'],
    [{ neverEvicts: true }, 'eviction: holds 1000 entries with a size of 10'],
  ])('rejects a cache with %j', async (defects, failure) => {
    const outcome = await checkSubject({ tier: 'memory', create: mapCache(defects) }, OPTIONS)
    expect(outcome.failures).toEqual([failure])
  })

  test('accepts that a cache without a size limit does not evict', async () => {
    const create = mapCache({ neverEvicts: true })
    const outcome = await checkSubject({ tier: 'memory', isUnbounded: true, create }, OPTIONS)
    expect(outcome.failures).toEqual([])
  })

  test('checks a cache that can only load', async () => {
    const create: CreateSubject = (options) => {
      const { get, set } = mapCache()(options) as Required<Pick<Subject, 'get' | 'set'>>
      return {
        getOrSet: async (key) => {
          const found = await get(key)
          if (found !== undefined) return found
          const value = await options.load(key)
          await set(key, value)
          return value
        },
      }
    }
    const outcome = await checkSubject({ tier: 'memory', create }, OPTIONS)
    expect(outcome).toEqual({ isolation: 'by reference', failures: [] })
  })

  test('reports once that a cache cannot be created, without URLs', async () => {
    const create = (): never => {
      throw new Error('no redis://user:s3cret@host')
    }
    expect(await checkSubject({ tier: 'memory', create }, OPTIONS)).toEqual({
      failures: ['no <url>'],
    })
  })
})
