import { setTimeout as sleep } from 'node:timers/promises'
import { InfrastructureError } from '@verbatim/cache-core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { EPOCH_MS, RecentChanges } from '../../src/redis/recent-changes.js'

const opened: RecentChanges[] = []

function open(advance: (node: string) => Promise<void> = async () => undefined): {
  changes: RecentChanges
  epochs: string[]
} {
  const epochs: string[] = []
  const changes = new RecentChanges()
  changes.start(async (node) => {
    await advance(node)
    epochs.push(node)
  })
  opened.push(changes)
  return { changes, epochs }
}

const away = async (): Promise<void> => {
  throw new Error('Redis is away')
}

const refuseWith = (reply: string) => async (): Promise<never> => {
  throw new InfrastructureError('refused', { code: 'BACKEND_REFUSED', context: { reply } })
}

afterEach(() => {
  for (const changes of opened.splice(0)) changes.close()
})

const names = (taken: ReturnType<RecentChanges['take']>): unknown =>
  taken === 'all' ? 'all' : taken.map(({ kind, name, revision }) => [kind, name, revision])

describe('recent changes', () => {
  test('are recalled with their revisions until an epoch covers them', () => {
    const { changes } = open()
    changes.add('one', 'key', 'written', 'r1')
    changes.add('one', 'key', 'deleted')
    changes.add('one', 'pattern', 'user:*')
    changes.add('one', 'tag', 't')
    expect(names(changes.take('one'))).toEqual([
      ['tag', 't', undefined],
      ['pattern', 'user:*', undefined],
      ['key', 'written', 'r1'],
      ['key', 'deleted', undefined],
    ])
    expect(changes.take('one')).toEqual([])
  })

  test('of one name are recalled as the last of them', () => {
    const { changes } = open()
    changes.add('one', 'key', 'a', 'r1')
    changes.asksForEpoch('one')
    changes.add('one', 'key', 'a')
    expect(names(changes.take('one'))).toEqual([['key', 'a', undefined]])
  })

  test('are covered by the epoch that the process begins itself soon after', async () => {
    const { changes, epochs } = open()
    changes.add('one', 'key', 'a')
    await vi.waitFor(() => expect(epochs).toEqual(['one']), EPOCH_MS * 10)
    expect(changes.take('one')).toEqual([])
  })

  test.each(['OOM', 'MISCONF', 'NOREPLICAS', 'BUSY', 'READONLY', 'CLUSTERDOWN'])(
    'begin an epoch soon after Redis has ceased to refuse writes (%s)',
    async (reply) => {
      const attempt = vi.fn<() => Promise<void>>(refuseWith(reply))
      const { changes, epochs } = open(attempt)
      changes.add('one', 'key', 'a')
      await vi.waitFor(() => expect(attempt).toHaveBeenCalledTimes(2), EPOCH_MS * 10)
      expect(names(changes.take('one'))).toEqual([['key', 'a', undefined]])
      changes.add('one', 'key', 'a')
      attempt.mockImplementation(async () => undefined)
      await vi.waitFor(() => expect(epochs).toEqual(['one']), EPOCH_MS * 10)
      expect(changes.take('one')).toEqual([])
    },
  )

  test.each(['NOPERM', 'WRONGTYPE', 'ERR'])(
    'begin an epoch seldom where Redis refuses that one command (%s)',
    async (reply) => {
      const attempt = vi.fn<() => Promise<void>>(refuseWith(reply))
      const { changes } = open(attempt)
      changes.add('one', 'key', 'a')
      await sleep(EPOCH_MS * 5)
      expect(attempt).toHaveBeenCalledTimes(1)
      expect(names(changes.take('one'))).toEqual([['key', 'a', undefined]])
    },
  )

  test('begin no epoch when there are none', async () => {
    const { changes, epochs } = open()
    changes.add('one', 'key', 'a')
    await vi.waitFor(() => expect(epochs).toEqual(['one']), EPOCH_MS * 10)
    await sleep(EPOCH_MS * 3)
    expect(epochs).toEqual(['one'])
  })

  test('that come while an epoch begins wait for another one', async () => {
    let end: () => void = () => undefined
    const { changes, epochs } = open(
      () =>
        new Promise((resolve) => {
          end = resolve
        }),
    )
    changes.add('one', 'key', 'a')
    await sleep(EPOCH_MS * 2)
    changes.add('one', 'key', 'b')
    end()
    await vi.waitFor(() => expect(epochs).toEqual(['one']))
    expect(names(changes.take('one'))).toEqual([['key', 'b', undefined]])
  })

  test('stay while no epoch can be begun', async () => {
    const { changes } = open(away)
    changes.add('one', 'key', 'a')
    await sleep(EPOCH_MS * 3)
    expect(names(changes.take('one'))).toEqual([['key', 'a', undefined]])
  })

  test('are covered by the second epoch of another process that was asked for after them', () => {
    const { changes } = open(away)
    changes.add('one', 'key', 'a')
    // An epoch that was asked for before the change says nothing about it.
    changes.sawEpoch('one', 5)
    changes.asksForEpoch('one')
    changes.sawEpoch('one', 6)
    changes.sawEpoch('one', 6)
    changes.add('one', 'key', 'b')
    changes.asksForEpoch('one')
    changes.sawEpoch('one', 7)
    expect(names(changes.take('one'))).toEqual([['key', 'b', undefined]])
  })

  test('are not covered by the first epoch that is seen after them', () => {
    const { changes } = open(away)
    changes.add('one', 'key', 'a')
    changes.asksForEpoch('one')
    changes.sawEpoch('one', 6)
    expect(names(changes.take('one'))).toEqual([['key', 'a', undefined]])
  })

  test('are all void when there were too many to remember', () => {
    for (const kind of ['key', 'pattern', 'tag'] as const) {
      const { changes } = open(away)
      for (let index = 0; index <= 50_000; index++) changes.add('one', kind, `name ${index}`)
      expect(changes.take('one')).toBe('all')
      expect(changes.take('one')).toEqual([])
    }
  })

  test('beyond the limit are covered like any others', async () => {
    const { changes, epochs } = open()
    for (let index = 0; index <= 50_000; index++) changes.add('one', 'key', `name ${index}`)
    await vi.waitFor(() => expect(epochs).toEqual(['one']), EPOCH_MS * 20)
    expect(changes.take('one')).toEqual([])
  })

  test('of one node are not those of another', () => {
    const { changes } = open(away)
    changes.add('one', 'key', 'a')
    changes.add('two', 'key', 'b')
    changes.asksForEpoch('one')
    changes.sawEpoch('one', 1)
    changes.sawEpoch('one', 2)
    expect(changes.take('one')).toEqual([])
    expect(names(changes.takeOthers(['one', 'three']))).toEqual([['key', 'b', undefined]])
    expect(changes.takeOthers([])).toEqual([])
  })

  test('of nodes that are gone are all void when one of them had too many', () => {
    const { changes } = open(away)
    changes.add('one', 'key', 'a')
    for (let index = 0; index <= 50_000; index++) changes.add('two', 'key', `name ${index}`)
    expect(changes.takeOthers([])).toBe('all')
  })

  test('begin no epoch after close', async () => {
    const { changes, epochs } = open()
    changes.add('one', 'key', 'a')
    changes.close()
    changes.add('two', 'key', 'b')
    await sleep(EPOCH_MS * 2)
    expect(epochs).toEqual([])
  })
})
