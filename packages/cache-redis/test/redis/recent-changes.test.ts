import { describe, expect, test } from 'vitest'
import { RecentChanges } from '../../src/redis/recent-changes.js'

const SECOND = 1_000

describe('RecentChanges', () => {
  test('recalls each change of the last 30 seconds once', () => {
    const changes = new RecentChanges()
    changes.add('key', 'old', 0)
    changes.add('key', 'a', 5 * SECOND)
    changes.add('pattern', 'p*', 5 * SECOND)
    changes.add('tag', 't', 6 * SECOND)
    changes.add('key', 'a', 20 * SECOND)
    changes.add('key', 'b', 21 * SECOND)
    expect([...changes.recall(31 * SECOND)]).toEqual([
      ['key', 'a'],
      ['key', 'b'],
      ['pattern', 'p*'],
      ['tag', 't'],
    ])
    expect([...changes.recall(50 * SECOND)]).toEqual([
      ['key', 'a'],
      ['key', 'b'],
    ])
    expect([...changes.recall(60 * SECOND)]).toEqual([])
  })

  test('of too many it recalls everything, until they do not matter any more', () => {
    const changes = new RecentChanges()
    for (let index = 0; index <= 50_000; index++) changes.add('key', `key:${index}`, index / 1_000)
    expect([...changes.recall(SECOND)]).toEqual([['pattern', '*']])
    expect([...changes.recall(31 * SECOND)]).toEqual([])
  })
})
