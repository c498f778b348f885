import { ManualClock } from '@verbatim/cache-core'
import { describe, expect, test } from 'vitest'
import { RecentRecords } from '../../src/records/recent-records.js'

function newRecords(clock: ManualClock, capacity: number): RecentRecords<number> {
  return new RecentRecords({ capacity, milliseconds: 1_000, clock })
}

function held(records: RecentRecords<number>): number[] {
  return records.read().map(({ measurement }) => measurement)
}

describe('recent records', () => {
  test.each([
    [0, []],
    [1, [1]],
    [3, [1, 2, 3]],
    [4, [2, 3, 4]],
    [6, [4, 5, 6]],
    [7, [5, 6, 7]],
  ])('retains the newest three of %i records in order', (added, expected) => {
    const records = newRecords(new ManualClock(), 3)
    for (let value = 1; value <= added; value++) records.add(value)
    expect(held(records)).toEqual(expected)
  })

  test('reading between additions does not change the result', () => {
    const records = newRecords(new ManualClock(), 3)
    for (let value = 1; value <= 20; value++) {
      records.add(value)
      expect(held(records)).toEqual([value - 2, value - 1, value].filter((added) => added > 0))
    }
  })

  test('a full ring accepts new records after its old ones were dropped', () => {
    const clock = new ManualClock()
    const records = newRecords(clock, 3)
    records.add(1)
    records.add(2)
    clock.advance(600)
    records.add(3)
    records.add(4)
    clock.advance(400)
    expect(held(records)).toEqual([3, 4])
    records.add(5)
    expect(held(records)).toEqual([3, 4, 5])
    records.add(6)
    expect(held(records)).toEqual([4, 5, 6])
  })

  test('a result does not change when records are added', () => {
    const records = newRecords(new ManualClock(), 1)
    records.add(1)
    const before = records.read()
    records.add(2)
    expect(before[0]?.measurement).toBe(1)
  })

  test('each record has the time at which it was taken', () => {
    const clock = new ManualClock(5_000)
    const records = newRecords(clock, 3)
    clock.advance(250)
    records.add(1)
    expect(records.read()).toEqual([{ measurement: 1, timestamp: 5.25, takenAt: 250 }])
  })
})
