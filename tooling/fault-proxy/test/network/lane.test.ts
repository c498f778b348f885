import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Flowing } from '../../src/network/flowing.js'
import { Lane } from '../../src/network/lane.js'
import { NetworkFaults } from '../../src/network/network-faults.js'

let faults: NetworkFaults
let out: string[]

beforeEach(() => {
  faults = new NetworkFaults()
  out = []
})
afterEach(() => {
  vi.useRealTimers()
})

function lane(direction: 'up' | 'down' = 'down'): Lane {
  return new Lane(direction, faults, (item: Flowing) => out.push(String(item)))
}

const bytes = (text: string): Buffer => Buffer.from(text)

function heal(healed: Lane): void {
  faults.heal()
  healed.faultsChanged()
}

test('a lane without faults delivers all items immediately', () => {
  const plain = lane()
  plain.push(bytes('a'))
  plain.push(bytes('b'))
  plain.push('end')
  expect(out).toEqual(['a', 'b', 'end'])
  expect(plain.queuedBytes).toBe(0)
})

describe('slices', () => {
  test('have the requested size, one per turn of the event loop, and end with a chunk', async () => {
    faults.slices = { bytes: 3, pauseMilliseconds: 0 }
    const sliced = lane()
    sliced.push(bytes('abcdefgh'))
    sliced.push(bytes('12'))
    sliced.push('end')
    expect(out).toEqual(['abc'])
    expect(sliced.queuedBytes).toBe(7)
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    expect(out).toEqual(['abc', 'def', 'gh', '12', 'end'])
    expect(sliced.queuedBytes).toBe(0)
  })

  test('end with the fault, even in the middle of a chunk', () => {
    faults.slices = { bytes: 1 }
    const sliced = lane()
    sliced.push(bytes('abcdef'))
    heal(sliced)
    expect(out).toEqual(['a', 'bcdef'])
  })

  test('have the requested pause between them', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    faults.slices = { bytes: 2, pauseMilliseconds: 5 }
    lane().push(bytes('abcdef'))
    vi.advanceTimersByTime(4)
    expect(out).toEqual(['ab'])
    vi.advanceTimersByTime(1)
    expect(out).toEqual(['ab', 'cd'])
  })

  test('apply only to replies', () => {
    faults.slices = { bytes: 1 }
    lane('up').push(bytes('abc'))
    expect(out).toEqual(['abc'])
  })
})

describe('delay', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })

  test('delivers no item before its time', () => {
    faults.delay = { milliseconds: 50 }
    const slow = lane()
    slow.push(bytes('a'))
    vi.advanceTimersByTime(20)
    slow.push(bytes('b'))
    vi.advanceTimersByTime(29)
    expect(out).toEqual([])
    vi.advanceTimersByTime(1)
    expect(out).toEqual(['a'])
    vi.advanceTimersByTime(20)
    expect(out).toEqual(['a', 'b'])
  })

  test('preserves the order with any jitter', () => {
    faults.delay = { milliseconds: 5, jitter: 100 }
    const slow = lane()
    const sent = Array.from({ length: 50 }, (_, index) => String(index))
    for (const text of sent) slow.push(bytes(text))
    vi.advanceTimersByTime(4)
    expect(out).toEqual([])
    vi.advanceTimersByTime(101)
    expect(out).toEqual(sent)
  })

  test('grows by a random part of the jitter', () => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(0.5)
    faults.delay = { milliseconds: 10, jitter: 100 }
    lane().push(bytes('a'))
    vi.advanceTimersByTime(59)
    expect(out).toEqual([])
    vi.advanceTimersByTime(1)
    expect(out).toEqual(['a'])
  })

  test('preserves the order after it is reduced or ended', () => {
    faults.delay = { milliseconds: 100 }
    const slow = lane()
    slow.push(bytes('a'))
    faults.delay = { milliseconds: 0 }
    slow.faultsChanged()
    slow.push(bytes('b'))
    vi.advanceTimersByTime(50)
    expect(out).toEqual([])
    heal(slow)
    slow.push(bytes('c'))
    expect(out).toEqual(['a', 'b', 'c'])
  })

  test('in the other direction has no effect', () => {
    faults.delay = { milliseconds: 100, direction: 'up' }
    lane('down').push(bytes('a'))
    expect(out).toEqual(['a'])
  })
})

describe('bandwidth', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    // The network has existed for some time.
    vi.advanceTimersByTime(1_000)
    faults.bytesPerSecond = 10_000
  })
  const carried = (): number => out.join('').length

  test('is the requested one', () => {
    lane().push(bytes('x'.repeat(10_000)))
    vi.advanceTimersByTime(500)
    expect(carried()).toBeGreaterThan(4_800)
    expect(carried()).toBeLessThan(5_500)
    vi.advanceTimersByTime(500)
    expect(carried()).toBe(10_000)
  })

  test('has no effect after the fault ends', () => {
    const narrow = lane()
    narrow.push(bytes('x'.repeat(10_000)))
    vi.advanceTimersByTime(5)
    heal(narrow)
    expect(carried()).toBe(10_000)
  })

  test('is shared by all lanes, which take turns', () => {
    const [one, other] = [lane(), lane()]
    one.push(bytes('x'.repeat(5_000)))
    other.push(bytes('y'.repeat(5_000)))
    vi.advanceTimersByTime(500)
    const ofOne = out.join('').replaceAll('y', '').length
    expect(ofOne).toBeGreaterThan(2_200)
    expect(ofOne).toBeLessThan(2_900)
    vi.advanceTimersByTime(500)
    expect(carried()).toBe(10_000)
  })
})

describe('a hole', () => {
  test('that loses bytes leaves a lane that delivers only its end', () => {
    faults.hole = { direction: 'down', bytes: 'lost' }
    const holed = lane()
    holed.push(bytes('a'))
    heal(holed)
    holed.push(bytes('b'))
    expect(out).toEqual([])
    expect(holed.queuedBytes).toBe(0)
    holed.push('end')
    expect(out).toEqual(['end'])
  })

  test('delays the end of a connection until the fault ends', () => {
    faults.hole = { direction: 'both', bytes: 'lost' }
    const holed = lane()
    holed.push('reset')
    expect(out).toEqual([])
    heal(holed)
    expect(out).toEqual(['reset'])
  })

  test('does not affect a lane without bytes', () => {
    faults.hole = { direction: 'both', bytes: 'lost' }
    const lucky = lane()
    heal(lucky)
    lucky.push(bytes('a'))
    expect(out).toEqual(['a'])
  })

  test('that delays bytes delivers them in order', () => {
    faults.hole = { direction: 'both', bytes: 'delayed' }
    const frozen = lane()
    frozen.push(bytes('a'))
    frozen.push(bytes('b'))
    frozen.push('end')
    expect(out).toEqual([])
    heal(frozen)
    expect(out).toEqual(['a', 'b', 'end'])
  })
})
