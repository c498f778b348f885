import { describe, expect, test, vi } from 'vitest'
import { type Deleter, UnconfirmedDeletes } from '../../src/redis/unconfirmed-deletes.js'

function unconfirmedDeletes(deleter: Partial<Deleter> = {}): UnconfirmedDeletes {
  return new UnconfirmedDeletes({
    ready: () => true,
    delete: () => Promise.resolve(),
    ...deleter,
  })
}

describe('UnconfirmedDeletes', () => {
  test('knows its keys, what its patterns match, and its tags', () => {
    const unconfirmed = unconfirmedDeletes()
    unconfirmed.add('tag', 'tag')
    expect([unconfirmed.hasTag('tag'), unconfirmed.hasTag('key')]).toEqual([true, false])
    unconfirmed.add('key', 'key')
    unconfirmed.add('pattern', 'user:*')
    const known = ['key', 'user:1', 'other'].map((key) => unconfirmed.has(key))
    expect(known).toEqual([true, true, false])
  })

  test('forgets what was deleted, each once', async () => {
    const deleted: string[] = []
    const unconfirmed = unconfirmedDeletes({
      delete: async (kind, names) => deleted.push(...names.map((name) => `${kind} ${name}`)),
    })
    for (const key of ['a', 'b', 'a']) unconfirmed.add('key', key)
    unconfirmed.add('pattern', 'c*')
    unconfirmed.add('tag', 't')
    await unconfirmed.settle()
    expect(deleted).toEqual(['tag t', 'pattern c*', 'key a', 'key b'])
    expect(unconfirmed.size).toBe(0)
  })

  test('forgets a key that a later write has reached', () => {
    const unconfirmed = unconfirmedDeletes()
    unconfirmed.add('key', 'key')
    unconfirmed.confirm('key', 'key')
    expect(unconfirmed.has('key')).toBe(false)
  })

  test('tries again what could not be deleted, and knows it meanwhile', async () => {
    const deleteNames = vi.fn(() => Promise.resolve()).mockRejectedValueOnce(new Error('away'))
    const unconfirmed = unconfirmedDeletes({ delete: deleteNames })
    unconfirmed.add('key', 'key')
    const settled = unconfirmed.settle()
    await vi.waitFor(() => expect(deleteNames).toHaveBeenCalledOnce())
    expect(unconfirmed.has('key')).toBe(true)
    await settled
    expect(unconfirmed.has('key')).toBe(false)
    expect(deleteNames).toHaveBeenCalledTimes(2)
  })

  test('waits until deleting makes sense', async () => {
    const deleteNames = vi.fn(() => Promise.resolve())
    const unconfirmed = unconfirmedDeletes({ ready: () => false, delete: deleteNames })
    unconfirmed.add('key', 'key')
    await unconfirmed.settle()
    expect(deleteNames).not.toHaveBeenCalled()
    expect(unconfirmed.has('key')).toBe(true)
  })

  test('deletes once more what was remembered once more while it was being deleted', async () => {
    let rounds = 0
    const unconfirmed = unconfirmedDeletes({
      delete: async (kind, [name = '']) => {
        if (++rounds < 5) unconfirmed.add(kind, name)
      },
    })
    unconfirmed.add('key', 'key')
    unconfirmed.add('pattern', 'user:*')
    await unconfirmed.settle()
    expect(rounds).toBeGreaterThanOrEqual(5)
    expect(unconfirmed.size).toBe(0)
  })

  test('after close nothing is deleted any more', async () => {
    const deleteNames = vi.fn(() => Promise.reject(new Error('away')))
    const unconfirmed = unconfirmedDeletes({ delete: deleteNames })
    unconfirmed.add('key', 'key')
    const settled = unconfirmed.settle()
    await vi.waitFor(() => expect(deleteNames).toHaveBeenCalledOnce())
    unconfirmed.close()
    await settled
    expect(deleteNames).toHaveBeenCalledOnce()
  })

  test('past its limits it is everything rather than nothing', () => {
    const byKeys = unconfirmedDeletes()
    for (let index = 0; index <= 10_000; index++) byKeys.add('key', `key:${index}`)
    const byPatterns = unconfirmedDeletes()
    for (let index = 0; index <= 100; index++) byPatterns.add('pattern', `pattern:${index}`)
    const byTags = unconfirmedDeletes()
    for (let index = 0; index <= 1_000; index++) byTags.add('tag', `tag:${index}`)
    for (const unconfirmed of [byKeys, byPatterns, byTags]) {
      expect(unconfirmed.size).toBe(1)
      expect(unconfirmed.has('anything')).toBe(true)
    }
  })
})
