import { describe, expect, test } from 'vitest'
import { RecentChanges } from '../../src/redis/recent-changes.js'

const SECOND = 1_000

describe('RecentChanges', () => {
  test('recalls each change of the last 30 seconds once, and none of more than 60', () => {
    const changes = new RecentChanges()
    changes.add('key', 'old', 0)
    changes.add('key', 'a', 5 * SECOND)
    changes.add('pattern', 'p*', 25 * SECOND)
    changes.add('tag', 't', 31 * SECOND)
    changes.add('key', 'a', 40 * SECOND)
    changes.add('key', 'b', 61 * SECOND)
    expect(new Set(changes.recall(61 * SECOND))).toEqual(
      new Set([
        ['tag', 't'],
        ['key', 'a'],
        ['key', 'b'],
      ]),
    )
    expect([...changes.recall(92 * SECOND)]).toEqual([['key', 'b']])
    expect([...changes.recall(122 * SECOND)]).toEqual([])
  })

  test('what is in both of its periods is told once', () => {
    const changes = new RecentChanges()
    changes.add('key', 'a', 0)
    changes.add('key', 'a', 31 * SECOND)
    expect([...changes.recall(32 * SECOND)]).toEqual([['key', 'a']])
  })

  test('of too many it recalls everything, until they do not matter any more', () => {
    const changes = new RecentChanges()
    for (let index = 0; index <= 50_000; index++) changes.add('key', `key:${index}`, index / 1_000)
    expect([...changes.recall(SECOND)]).toEqual([['pattern', '*']])
    expect([...changes.recall(31 * SECOND)]).toEqual([['pattern', '*']])
    expect([...changes.recall(61 * SECOND)]).toEqual([])
  })
})
