import { describe, expect, test } from 'vitest'
import { ChangeInFlight, KeyFence } from '../../src/two-tier/in-flight.js'

describe('KeyFence', () => {
  test('a read may keep its value when nothing else happens', () => {
    const fence = new KeyFence()
    const read = fence.begin('read', 'key')
    fence.end(read)
    expect(read.isSuperseded).toBe(false)
  })

  test('a write supersedes a read that began before it was sent', () => {
    const fence = new KeyFence()
    const read = fence.begin('read', 'key')
    const write = fence.begin('write', 'key')
    expect(read.isSuperseded).toBe(false)
    expect(fence.claim(write)).toBe(true)
    expect(read.isSuperseded).toBe(true)
  })

  test('a write supersedes a read that began while the write was encoded', () => {
    const fence = new KeyFence()
    const write = fence.begin('write', 'key')
    const read = fence.begin('read', 'key')
    fence.claim(write)
    expect(read.isSuperseded).toBe(true)
  })

  test('the end of a write supersedes reads that began after it was sent', () => {
    const fence = new KeyFence()
    const write = fence.begin('write', 'key')
    fence.claim(write)
    const read = fence.begin('read', 'key')
    fence.end(write)
    expect(write.isSuperseded).toBe(false)
    fence.end(read)
    expect(read.isSuperseded).toBe(true)
  })

  test('of two writes, the one that began later wins, whichever is ready first', () => {
    const fence = new KeyFence()
    const earlier = fence.begin('write', 'key')
    const later = fence.begin('write', 'key')
    expect(fence.claim(later)).toBe(true)
    expect(fence.claim(earlier)).toBe(false)
    fence.end(earlier)
    expect(earlier.isSuperseded).toBe(true)
    fence.end(later)
    expect(later.isSuperseded).toBe(false)
  })

  test('a write does not supersede a later write, neither when sent nor at its end', () => {
    const fence = new KeyFence()
    const earlier = fence.begin('write', 'key')
    const later = fence.begin('write', 'key')
    expect(fence.claim(earlier)).toBe(true)
    fence.end(earlier)
    expect(fence.claim(later)).toBe(true)
    fence.end(later)
    expect(later.isSuperseded).toBe(false)
  })

  test('a conditional write supersedes reads, and no other write', () => {
    const fence = new KeyFence()
    const earlier = fence.begin('write', 'key')
    const read = fence.begin('read', 'key')
    const conditional = fence.begin('conditional write', 'key')
    expect(fence.claim(conditional)).toBe(true)
    fence.end(conditional)
    expect(read.isSuperseded).toBe(true)
    expect(fence.claim(earlier)).toBe(true)
  })

  test('a write supersedes conditional writes that began before its end', () => {
    const fence = new KeyFence()
    const write = fence.begin('write', 'key')
    const beforeItWasSent = fence.begin('conditional write', 'key')
    fence.claim(write)
    const afterItWasSent = fence.begin('conditional write', 'key')
    expect(fence.claim(beforeItWasSent)).toBe(false)
    expect(fence.claim(afterItWasSent)).toBe(true)
    fence.end(write)
    expect(afterItWasSent.isSuperseded).toBe(true)
    expect(write.isSuperseded).toBe(false)
  })

  test('a conditional write does not supersede another one', () => {
    const fence = new KeyFence()
    const first = fence.begin('conditional write', 'key')
    const second = fence.begin('conditional write', 'key')
    expect(fence.claim(second)).toBe(true)
    expect(fence.claim(first)).toBe(true)
    fence.end(second)
    expect(first.isSuperseded).toBe(false)
  })

  test('a write that is given up supersedes no operation', () => {
    const fence = new KeyFence()
    const write = fence.begin('write', 'key')
    const failed = fence.begin('write', 'key')
    fence.end(failed)
    expect(fence.claim(write)).toBe(true)
  })

  test('keys do not touch each other', () => {
    const fence = new KeyFence()
    const read = fence.begin('read', 'a')
    fence.claim(fence.begin('write', 'b'))
    fence.end(read)
    expect(read.isSuperseded).toBe(false)
  })

  test('an invalidation supersedes all matching operations, or only the reads', () => {
    const fence = new KeyFence()
    const read = fence.begin('read', 'user:1')
    const write = fence.begin('write', 'user:1')
    const other = fence.begin('write', 'order:1')
    const isUser = (key: string): boolean => key.startsWith('user:')
    fence.supersedeReads(isUser)
    expect([read.isSuperseded, write.isSuperseded, other.isSuperseded]).toEqual([
      true,
      false,
      false,
    ])
    fence.claimAll(isUser, new ChangeInFlight())
    expect(fence.claim(write)).toBe(false)
    expect(fence.claim(other)).toBe(true)
  })

  test('an invalidation supersedes the reads of its key, and no write', () => {
    const fence = new KeyFence()
    const read = fence.begin('read', 'key')
    const write = fence.begin('write', 'key')
    const other = fence.begin('read', 'other')
    fence.invalidated('key')
    expect([read, write, other].map((each) => [each.isSuperseded, each.wasInvalidated])).toEqual([
      [true, true],
      [false, true],
      [false, false],
    ])
  })

  test('a superseded write can wait for the end of the superseding write', async () => {
    const fence = new KeyFence()
    const earlier = fence.begin('write', 'key')
    const later = fence.begin('write', 'key')
    fence.claim(later)
    expect(fence.claim(earlier)).toBe(false)
    const order: string[] = []
    const wait = async (): Promise<void> => {
      await earlier.supersededBy?.ended()
      order.push('waited')
    }
    const waiting = wait()
    await Promise.resolve()
    order.push('ends')
    fence.end(later)
    await waiting
    expect(order).toEqual(['ends', 'waited'])
    await earlier.supersededBy?.ended()
  })
})
