import type { CacheInterface } from '../cache-interface.js'
import { type CacheContract, cacheTest, promises } from './contract.js'
import { listed, unreachable } from './expectations.js'
import { RecordingMonitor } from './recording-monitor.js'
import { describe, expect } from './test-runner.js'

type ObservedTest = (
  name: string,
  body: (cache: CacheInterface, monitor: RecordingMonitor) => Promise<void>,
) => void

export function observingTests(contract: CacheContract): void {
  if (contract.createObserved === undefined) return
  describe('a monitor receives', () => {
    operationTests(contract, observedTest(contract))
    noReportTests(contract, observedTest(contract))
  })
}

/** Returns a `test` function for a cache that reports to a monitor. */
function observedTest(contract: CacheContract): ObservedTest {
  return (name, body) => {
    const monitor = new RecordingMonitor()
    const create = (): CacheInterface | Promise<CacheInterface> =>
      contract.createObserved?.(monitor) ?? unreachable('the contract has no createObserved')
    cacheTest({ create })(name, (cache) => body(cache, monitor))
  }
}

function operationTests(contract: CacheContract, test: ObservedTest): void {
  test('one report for each read, write and delete, with its outcome', async (cache, monitor) => {
    expect(await monitor.during(() => cache.set('key', 1))).toEqual(['set ok'])
    expect(await monitor.during(() => cache.get('key'))).toEqual(['get hit'])
    expect(await monitor.during(() => cache.get('absent'))).toEqual(['get miss'])
    expect(await monitor.during(() => cache.delete('key'))).toEqual(['delete ok'])
    expect(await monitor.during(() => cache.delete('key'))).toEqual(['delete ok'])
  })

  test('one report for each key of a batch', async (cache, monitor) => {
    const entries = ['a', 'b', 'c'].map((key) => [key, key] as const)
    expect(await monitor.during(() => cache.setMany(entries))).toEqual([
      'set ok',
      'set ok',
      'set ok',
    ])
    expect(await monitor.during(() => cache.getMany(['a', 'b', 'absent']))).toEqual([
      'get hit',
      'get hit',
      'get miss',
    ])
    expect(await monitor.during(() => cache.deleteMany(['a', 'absent']))).toEqual([
      'delete ok',
      'delete ok',
    ])
  })

  test('a read for getOrSet, and a write if it has loaded', async (cache, monitor) => {
    const call = (): Promise<string> => cache.getOrSet('key', () => 'value')
    expect(await monitor.during(call)).toEqual(['get miss', 'set ok'])
    expect(await monitor.during(call)).toEqual(['get hit'])
    const failing = (): Promise<unknown> =>
      cache.getOrSet('another', () => Promise.reject(new Error())).catch(() => {})
    expect(await monitor.during(failing)).toEqual(['get miss'])
  })

  test('a read for an entry, and a miss for a value that accept rejects', async (cache, monitor) => {
    const get = (accept?: () => boolean): Promise<unknown> => cache.getEntry('key', { accept })
    const load = (accept?: () => boolean): Promise<unknown> =>
      cache.getOrSetEntry('key', () => 'value', { accept })
    expect(await monitor.during(get)).toEqual(['get miss'])
    expect(await monitor.during(load)).toEqual(['get miss', 'set ok'])
    expect(await monitor.during(get)).toEqual(['get hit'])
    expect(await monitor.during(load)).toEqual(['get hit'])
    expect(await monitor.during(() => get(() => false))).toEqual(['get miss'])
    expect(await monitor.during(() => load(() => false))).toEqual(['get miss', 'set ok'])
  })

  test('a miss for an expired entry', async (cache, monitor) => {
    await cache.set('key', 'value', '20ms')
    await contract.advance(50)
    expect(await monitor.during(() => cache.get('key'))).toEqual(['get miss'])
  })

  if (promises(contract, 'scan')) {
    test('one report for an invalidation, with the number of removed keys', async (cache, monitor) => {
      await cache.setMany(['a:1', 'a:2', 'b:1', 'b:2', 'b:3'].map((key) => [key, key]))
      const invalidate = (): Promise<number> => cache.invalidatePattern('a:*')
      expect(await monitor.during(invalidate)).toEqual(['invalidation of 2'])
      expect(await monitor.during(invalidate)).toEqual(['invalidation of 0'])
      expect(await monitor.during(() => cache.clear())).toEqual(['invalidation of 3'])
    })

    test('the reason of an invalidation', async (cache, monitor) => {
      await cache.invalidatePattern('a:*', { reason: 'model_update' })
      await cache.invalidatePattern('a:*')
      expect(monitor.reasons).toEqual(['model_update', undefined])
    })
  }

  test('durations in milliseconds, if any, and the names of the tiers', async (cache, monitor) => {
    await cache.set('key', 'value')
    for (const key of ['key', 'absent']) await cache.get(key)
    await cache.getOrSet('another', () => 'value')
    await cache.deleteMany(['key', 'absent'])
    if (promises(contract, 'scan')) await cache.clear()
    const times = monitor.times.filter((time) => time !== undefined)
    for (const time of times) {
      expect(Number.isFinite(time), `${time} is a finite number`).toBe(true)
      expect(time).toBeGreaterThanOrEqual(0)
    }
    expect(monitor.times.length).toBeGreaterThanOrEqual(7)
    for (const tier of monitor.tiers) expect(['memory', 'redis']).toContain(tier)
  })
}

function noReportTests(contract: CacheContract, test: ObservedTest): void {
  test('no report for exists, getTtl and scan', async (cache, monitor) => {
    await cache.set('key', 'value')
    const inspect = async (): Promise<void> => {
      for (const key of ['key', 'absent']) {
        await cache.exists(key)
        if (promises(contract, 'getTtl')) await cache.getTtl(key)
      }
      if (promises(contract, 'scan')) await listed(cache)
    }
    expect(await monitor.during(inspect)).toEqual([])
  })

  test('no report for a rejected call', async (cache, monitor) => {
    const refused = [
      () => cache.get(''),
      () => cache.set('', 1),
      () => cache.set('key', undefined),
      () => cache.set('key', 1, 0),
      () => cache.delete(''),
      () => cache.getOrSet('', () => 1),
      () => cache.getOrSet('key', () => 1, { ttl: 0 }),
      () => cache.setMany([['', 1]]),
      () => cache.deleteMany(['']),
      ...(promises(contract, 'scan') ? [() => cache.invalidatePattern('')] : []),
    ]
    for (const call of refused) {
      const refusal = (): Promise<void> => expect(call()).rejects.toThrow()
      expect(await monitor.during(refusal)).toEqual([])
    }
  })

  test('no report for close', async (cache, monitor) => {
    expect(await monitor.during(() => cache.close())).toEqual([])
  })
}
