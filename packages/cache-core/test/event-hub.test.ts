import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { EventHub } from '../src/implement.js'
import { ValidationError } from '../src/index.js'

interface Events extends Record<string, readonly unknown[]> {
  readonly hit: readonly [key: string, milliseconds: number]
  readonly miss: readonly [key: string]
}

describe('an event hub', () => {
  test('calls the listeners of an event in order of registration, with its arguments', () => {
    const hub = new EventHub<Events>()
    const calls: unknown[] = []
    hub.on('hit', (...details) => calls.push(['first', ...details]))
    hub.on('hit', (...details) => calls.push(['second', ...details]))
    hub.on('miss', (key) => calls.push(['missed', key]))
    hub.emit('hit', 'key', 5)
    expect(calls).toEqual([
      ['first', 'key', 5],
      ['second', 'key', 5],
    ])
  })

  test('returns whether an event has listeners', () => {
    const hub = new EventHub<Events>()
    expect(hub.has('hit')).toBe(false)
    const stop = hub.on('hit', () => {})
    expect([hub.has('hit'), hub.has('miss')]).toEqual([true, false])
    stop()
    expect(hub.has('hit')).toBe(false)
    hub.emit('hit', 'key', 5)
    hub.emit('miss', 'key')
  })

  test('calls a function that is registered twice twice, and removes it separately', () => {
    const hub = new EventHub<Events>()
    let calls = 0
    const listener = (): number => calls++
    const stop = hub.on('miss', listener)
    hub.on('miss', listener)
    hub.emit('miss', 'key')
    expect(calls).toBe(2)
    stop()
    stop()
    hub.emit('miss', 'key')
    expect(calls).toBe(3)
  })

  test('counts a listener that throws or rejects, and calls the others', async () => {
    const hub = new EventHub<Events>()
    let calls = 0
    hub.on('miss', () => {
      throw new Error('thrown')
    })
    hub.on('miss', () => Promise.reject(new Error('rejected')))
    hub.on('miss', () => Promise.resolve())
    hub.on('miss', () => calls++)
    hub.emit('miss', 'key')
    expect([calls, hub.failures]).toEqual([1, 1])
    await setImmediate()
    expect(hub.failures).toBe(2)
  })

  test('lets a listener remove itself and add itself again', () => {
    const hub = new EventHub<Events>()
    let calls = 0
    const listenOnce = (): void => {
      const stop = hub.on('miss', () => {
        stop()
        if (++calls < 100) listenOnce()
      })
    }
    listenOnce()
    hub.emit('miss', 'key')
    expect(calls).toBe(1)
    hub.emit('miss', 'key')
    expect(calls).toBe(2)
  })
})

describe('an event hub with names', () => {
  const hub = new EventHub<{ evicted: [key: string]; expired: [key: string] }>([
    'evicted',
    'expired',
  ])

  test('rejects an unknown event and suggests a known one', () => {
    for (const bad of ['evict', 'EVICTED', '', '__proto__', undefined, null, 5]) {
      expect(() => hub.on(bad as 'evicted', () => {})).toThrow(ValidationError)
    }
    expect(() => hub.on('evicted_' as 'evicted', () => {})).toThrow('Did you mean evicted?')
  })

  test('rejects a listener that is not a function', () => {
    for (const bad of [undefined, null, 'text', {}]) {
      expect(() => hub.on('evicted', bad as () => void)).toThrow(
        'listener must be a function; received',
      )
    }
    expect(hub.has('evicted')).toBe(false)
  })
})
