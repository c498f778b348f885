import { describe, expect, test } from 'vitest'
import { ChangeInFlight, OperationsInFlight } from '../src/operations-in-flight.js'

describe('OperationsInFlight', () => {
  test('a read may keep its value when nothing else happens', () => {
    const operations = new OperationsInFlight()
    const read = operations.begin('read', 'key')
    operations.end(read)
    expect(read.isSuperseded).toBe(false)
  })

  test('a write supersedes a read that began before it was sent', () => {
    const operations = new OperationsInFlight()
    const read = operations.begin('read', 'key')
    const write = operations.begin('write', 'key')
    expect(read.isSuperseded).toBe(false)
    expect(operations.claim(write)).toBe(true)
    expect(read.isSuperseded).toBe(true)
  })

  test('a write supersedes a read that began while the write was encoded', () => {
    const operations = new OperationsInFlight()
    const write = operations.begin('write', 'key')
    const read = operations.begin('read', 'key')
    operations.claim(write)
    expect(read.isSuperseded).toBe(true)
  })

  test('the end of a write supersedes reads that began after it was sent', () => {
    const operations = new OperationsInFlight()
    const write = operations.begin('write', 'key')
    operations.claim(write)
    const read = operations.begin('read', 'key')
    operations.end(write)
    expect(write.isSuperseded).toBe(false)
    operations.end(read)
    expect(read.isSuperseded).toBe(true)
  })

  test('of two writes, the one that began later wins, whichever is ready first', () => {
    const operations = new OperationsInFlight()
    const earlier = operations.begin('write', 'key')
    const later = operations.begin('write', 'key')
    expect(operations.claim(later)).toBe(true)
    expect(operations.claim(earlier)).toBe(false)
    operations.end(earlier)
    expect(earlier.isSuperseded).toBe(true)
    operations.end(later)
    expect(later.isSuperseded).toBe(false)
  })

  test('a write does not supersede a later write, neither when sent nor at its end', () => {
    const operations = new OperationsInFlight()
    const earlier = operations.begin('write', 'key')
    const later = operations.begin('write', 'key')
    expect(operations.claim(earlier)).toBe(true)
    operations.end(earlier)
    expect(operations.claim(later)).toBe(true)
    operations.end(later)
    expect(later.isSuperseded).toBe(false)
  })

  test('a conditional write supersedes reads, and no other write', () => {
    const operations = new OperationsInFlight()
    const earlier = operations.begin('write', 'key')
    const read = operations.begin('read', 'key')
    const conditional = operations.begin('conditional write', 'key')
    expect(operations.claim(conditional)).toBe(true)
    operations.end(conditional)
    expect(read.isSuperseded).toBe(true)
    expect(operations.claim(earlier)).toBe(true)
  })

  test('a write supersedes conditional writes that began before its end', () => {
    const operations = new OperationsInFlight()
    const write = operations.begin('write', 'key')
    const beforeItWasSent = operations.begin('conditional write', 'key')
    operations.claim(write)
    const afterItWasSent = operations.begin('conditional write', 'key')
    expect(operations.claim(beforeItWasSent)).toBe(false)
    expect(operations.claim(afterItWasSent)).toBe(true)
    operations.end(write)
    expect(afterItWasSent.isSuperseded).toBe(true)
    expect(write.isSuperseded).toBe(false)
  })

  test('a conditional write does not supersede another one', () => {
    const operations = new OperationsInFlight()
    const first = operations.begin('conditional write', 'key')
    const second = operations.begin('conditional write', 'key')
    expect(operations.claim(second)).toBe(true)
    expect(operations.claim(first)).toBe(true)
    operations.end(second)
    expect(first.isSuperseded).toBe(false)
  })

  test('a write that is given up supersedes no operation', () => {
    const operations = new OperationsInFlight()
    const write = operations.begin('write', 'key')
    const failed = operations.begin('write', 'key')
    operations.end(failed)
    expect(operations.claim(write)).toBe(true)
  })

  test('keys do not touch each other', () => {
    const operations = new OperationsInFlight()
    const read = operations.begin('read', 'a')
    operations.claim(operations.begin('write', 'b'))
    operations.end(read)
    expect(read.isSuperseded).toBe(false)
  })

  test('an invalidation supersedes all matching operations, or only the reads', () => {
    const operations = new OperationsInFlight()
    const read = operations.begin('read', 'user:1')
    const write = operations.begin('write', 'user:1')
    const other = operations.begin('write', 'order:1')
    const isUser = (key: string): boolean => key.startsWith('user:')
    operations.supersedeReads(isUser)
    expect([read.isSuperseded, write.isSuperseded, other.isSuperseded]).toEqual([
      true,
      false,
      false,
    ])
    operations.claimAll(isUser, new ChangeInFlight())
    expect(operations.claim(write)).toBe(false)
    expect(operations.claim(other)).toBe(true)
  })

  test('an invalidation supersedes the reads of its key, and no write', () => {
    const operations = new OperationsInFlight()
    const read = operations.begin('read', 'key')
    const write = operations.begin('write', 'key')
    const other = operations.begin('read', 'other')
    operations.invalidated('key')
    expect([read, write, other].map((each) => [each.isSuperseded, each.wasInvalidated])).toEqual([
      [true, true],
      [false, true],
      [false, false],
    ])
  })

  test('a superseded write can wait for the end of the superseding write', async () => {
    const operations = new OperationsInFlight()
    const earlier = operations.begin('write', 'key')
    const later = operations.begin('write', 'key')
    operations.claim(later)
    expect(operations.claim(earlier)).toBe(false)
    const order: string[] = []
    const wait = async (): Promise<void> => {
      await earlier.supersededBy?.ended()
      order.push('waited')
    }
    const waiting = wait()
    await Promise.resolve()
    order.push('ends')
    operations.end(later)
    await waiting
    expect(order).toEqual(['ends', 'waited'])
    await earlier.supersededBy?.ended()
  })
})
