import { describe, expect, test } from 'vitest'
import { UnconfirmedDeletes } from '../src/unconfirmed-deletes.js'

const nothing = (): Promise<void> => Promise.resolve()

describe('UnconfirmedDeletes', () => {
  test('knows its keys and what its patterns match', () => {
    const unconfirmed = new UnconfirmedDeletes()
    unconfirmed.addKey('key')
    unconfirmed.addPattern('user:*')
    expect(['key', 'user:1', 'other'].map((key) => unconfirmed.has(key))).toEqual([
      true,
      true,
      false,
    ])
  })

  test('forgets what was deleted, each once', async () => {
    const unconfirmed = new UnconfirmedDeletes()
    for (const key of ['a', 'b', 'a']) unconfirmed.addKey(key)
    unconfirmed.addPattern('c*')
    const deleted: string[] = []
    await unconfirmed.replay(
      async (keys) => void deleted.push(...keys),
      async (pattern) => void deleted.push(pattern),
    )
    expect(deleted).toEqual(['c*', 'a', 'b'])
    expect(unconfirmed.size).toBe(0)
  })

  test('keeps what could not be deleted', async () => {
    const unconfirmed = new UnconfirmedDeletes()
    unconfirmed.addKey('key')
    const failing = (): Promise<never> => Promise.reject(new Error('away'))
    await expect(unconfirmed.replay(failing, nothing)).rejects.toThrow('away')
    expect(unconfirmed.has('key')).toBe(true)
  })

  test('keeps what was remembered once more while it was being deleted', async () => {
    const unconfirmed = new UnconfirmedDeletes()
    unconfirmed.addKey('key')
    unconfirmed.addPattern('user:*')
    await unconfirmed.replay(
      async () => unconfirmed.addKey('key'),
      async () => unconfirmed.addPattern('user:*'),
    )
    expect(unconfirmed.has('key')).toBe(true)
    expect(unconfirmed.has('user:1')).toBe(true)
  })

  test('past its limits it is everything rather than nothing', () => {
    const byKeys = new UnconfirmedDeletes()
    for (let index = 0; index <= 10_000; index++) byKeys.addKey(`key:${index}`)
    const byPatterns = new UnconfirmedDeletes()
    for (let index = 0; index <= 100; index++) byPatterns.addPattern(`pattern:${index}`)
    for (const unconfirmed of [byKeys, byPatterns]) {
      expect(unconfirmed.size).toBe(1)
      expect(unconfirmed.has('anything')).toBe(true)
    }
  })
})
