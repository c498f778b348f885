import { describe, expect, test, vi } from 'vitest'
import { type Deleter, UnconfirmedDeletes } from '../../src/redis/unconfirmed-deletes.js'

function unconfirmedDeletes(deleter: Partial<Deleter> = {}): UnconfirmedDeletes {
  return new UnconfirmedDeletes({
    ready: () => true,
    deleteKeys: () => Promise.resolve(),
    deletePattern: () => Promise.resolve(),
    ...deleter,
  })
}

describe('UnconfirmedDeletes', () => {
  test('knows its keys and what its patterns match', () => {
    const unconfirmed = unconfirmedDeletes()
    unconfirmed.addKey('key')
    unconfirmed.addPattern('user:*')
    const known = ['key', 'user:1', 'other'].map((key) => unconfirmed.has(key))
    expect(known).toEqual([true, true, false])
  })

  test('forgets what was deleted, each once', async () => {
    const deleted: string[] = []
    const unconfirmed = unconfirmedDeletes({
      deleteKeys: async (keys) => deleted.push(...keys),
      deletePattern: async (pattern) => deleted.push(pattern),
    })
    for (const key of ['a', 'b', 'a']) unconfirmed.addKey(key)
    unconfirmed.addPattern('c*')
    await unconfirmed.settle()
    expect(deleted).toEqual(['c*', 'a', 'b'])
    expect(unconfirmed.size).toBe(0)
  })

  test('forgets a key that a later write has reached', () => {
    const unconfirmed = unconfirmedDeletes()
    unconfirmed.addKey('key')
    unconfirmed.confirm('key')
    expect(unconfirmed.has('key')).toBe(false)
  })

  test('tries again what could not be deleted, and knows it meanwhile', async () => {
    const deleteKeys = vi.fn(() => Promise.resolve()).mockRejectedValueOnce(new Error('away'))
    const unconfirmed = unconfirmedDeletes({ deleteKeys })
    unconfirmed.addKey('key')
    const settled = unconfirmed.settle()
    await vi.waitFor(() => expect(deleteKeys).toHaveBeenCalledOnce())
    expect(unconfirmed.has('key')).toBe(true)
    await settled
    expect(unconfirmed.has('key')).toBe(false)
    expect(deleteKeys).toHaveBeenCalledTimes(2)
  })

  test('waits until deleting makes sense', async () => {
    const deleteKeys = vi.fn(() => Promise.resolve())
    const unconfirmed = unconfirmedDeletes({ ready: () => false, deleteKeys })
    unconfirmed.addKey('key')
    await unconfirmed.settle()
    expect(deleteKeys).not.toHaveBeenCalled()
    expect(unconfirmed.has('key')).toBe(true)
  })

  test('deletes once more what was remembered once more while it was being deleted', async () => {
    let rounds = 0
    const unconfirmed = unconfirmedDeletes({
      deleteKeys: async () => {
        if (++rounds < 3) unconfirmed.addKey('key')
      },
      deletePattern: async () => {
        if (rounds === 0) unconfirmed.addPattern('user:*')
        rounds += rounds === 0 ? 0 : 10
      },
    })
    unconfirmed.addKey('key')
    unconfirmed.addPattern('user:*')
    await unconfirmed.settle()
    expect(rounds).toBeGreaterThanOrEqual(3)
    expect(unconfirmed.size).toBe(0)
  })

  test('after close nothing is deleted any more', async () => {
    const deleteKeys = vi.fn(() => Promise.reject(new Error('away')))
    const unconfirmed = unconfirmedDeletes({ deleteKeys })
    unconfirmed.addKey('key')
    const settled = unconfirmed.settle()
    await vi.waitFor(() => expect(deleteKeys).toHaveBeenCalledOnce())
    unconfirmed.close()
    await settled
    expect(deleteKeys).toHaveBeenCalledOnce()
  })

  test('past its limits it is everything rather than nothing', () => {
    const byKeys = unconfirmedDeletes()
    for (let index = 0; index <= 10_000; index++) byKeys.addKey(`key:${index}`)
    const byPatterns = unconfirmedDeletes()
    for (let index = 0; index <= 100; index++) byPatterns.addPattern(`pattern:${index}`)
    for (const unconfirmed of [byKeys, byPatterns]) {
      expect(unconfirmed.size).toBe(1)
      expect(unconfirmed.has('anything')).toBe(true)
    }
  })
})
