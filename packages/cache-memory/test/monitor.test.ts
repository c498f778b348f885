import { type CacheMonitor, ManualClock } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { InMemoryCache } from '../src/index.js'

describe('a monitor receives', () => {
  test('each operation once, with its outcome and duration', async () => {
    const { monitor, calls } = recordingMonitor()
    const clock = new ManualClock()
    const ticking = { now: () => (clock.advance(1), clock.now()), wallTime: () => clock.wallTime() }
    const cache = new InMemoryCache({ clock: ticking, performanceMonitor: monitor })
    const callsDuring = async (action: () => Promise<unknown>): Promise<string[]> => {
      calls.length = 0
      await action()
      return [...calls]
    }
    const key = 'key'
    expect(await callsDuring(() => cache.set(key, 1))).toEqual(['set ok memory'])
    expect(await callsDuring(() => cache.get(key))).toEqual(['get hit memory'])
    expect(await callsDuring(() => cache.get('absent'))).toEqual(['get miss memory'])
    expect(await callsDuring(() => cache.exists(key))).toEqual([])
    expect(await callsDuring(() => cache.getTtl(key))).toEqual([])
    expect(await callsDuring(() => cache.getOrSet(key, () => 2))).toEqual(['get hit memory'])
    expect(await callsDuring(() => cache.getOrSet('new', () => 2))).toEqual([
      'get miss memory',
      'set ok memory',
    ])
    expect(await callsDuring(() => cache.getMany([key, 'absent']))).toEqual([
      'get hit memory',
      'get miss memory',
    ])
    expect(await callsDuring(() => cache.delete(key))).toEqual(['delete ok memory'])
    expect(await callsDuring(() => cache.delete(key))).toEqual(['delete ok memory'])
    expect(await callsDuring(() => cache.deleteMany([key, 'a', key]))).toEqual([
      'delete ok memory',
      'delete ok memory',
    ])
    const entries = ['a', 'b'].map((name) => [name, 1] as const)
    expect(await callsDuring(() => cache.setMany(entries))).toEqual([
      'set ok memory',
      'set ok memory',
    ])
    expect(await callsDuring(() => cache.deleteMany(['a', 'b']))).toHaveLength(2)
    expect(await callsDuring(() => cache.invalidatePattern('n*'))).toEqual(['invalidation of 1'])
    expect(await callsDuring(() => cache.clear())).toEqual(['invalidation of 0'])
    for (const refused of [
      () => cache.get(''),
      () => cache.set(key, 1, 0),
      () => cache.delete(''),
      () => cache.exists(''),
      () => cache.invalidatePattern(''),
    ]) {
      expect(await callsDuring(() => refused().catch(() => {}))).toEqual([])
    }
    expect(await callsDuring(() => cache.close())).toEqual([])
  })

  test('the durations of the first thousand operations, then of one in 64', async () => {
    const { monitor, calls, timed } = recordingMonitor()
    const clock = new ManualClock()
    const ticking = { now: () => (clock.advance(1), clock.now()), wallTime: () => clock.wallTime() }
    const cache = new InMemoryCache({ clock: ticking, performanceMonitor: monitor })
    await cache.set('key', 1)
    for (let hit = 1; hit < 1_000; hit++) await cache.get('key')
    expect(timed.count).toBe(1_000)
    for (let hit = 0; hit < 640; hit++) await cache.get('key')
    expect(calls).toHaveLength(1_640)
    expect(timed.count).toBe(1_010)
  })

  test('only a miss for an expired entry', async () => {
    const { monitor, calls } = recordingMonitor()
    const clock = new ManualClock()
    const cache = new InMemoryCache({ clock, performanceMonitor: monitor })
    await cache.set('key', 1, '10ms')
    clock.advance(11)
    await cache.get('key')
    expect(calls).toEqual(['set ok memory', 'get miss memory'])
  })
})

/** Collects the reports. Collects bad durations too, because an error of a monitor fails no call. */
function recordingMonitor(): {
  monitor: CacheMonitor
  calls: string[]
  timed: { count: number }
} {
  const calls: string[] = []
  const timed = { count: 0 }
  return {
    calls,
    timed,
    monitor: {
      observeOperation(operation, outcome, tier, milliseconds) {
        if (milliseconds !== undefined) timed.count++
        const isTime = milliseconds === undefined || (milliseconds >= 0 && milliseconds < 100)
        calls.push(`${operation} ${outcome} ${tier}${isTime ? '' : ` in ${milliseconds} ms`}`)
      },
      observeKeyGeneration: () => calls.push('key generation'),
      observeCompression: () => calls.push('compression'),
      observeInvalidation(keysInvalidated, milliseconds) {
        calls.push(`invalidation of ${keysInvalidated}${milliseconds > 0 ? '' : ' in no time'}`)
      },
    },
  }
}
