import { PassThrough } from 'node:stream'
import fakeTimers from '@sinonjs/fake-timers'
import type { Redis } from 'ioredis'
import { afterEach, expect, test, vi } from 'vitest'
import { WriteBatch } from '../../src/connection/write-batch.js'
import { sharedRedis } from '../set-up.js'

const at = sharedRedis()
const { setTimeout: later } = globalThis

let restore = (): void => {}
afterEach(() => restore())

/**
 * Replaces every timer as Jest does. Jest fakes the `nextTick` of its sandbox too, but not that of
 * Node's own streams, which a test without a sandbox cannot tell apart.
 */
function fakeTimersOfSinon(): void {
  const clock = fakeTimers.install({ now: Date.now(), toNotFake: ['nextTick'] })
  restore = () => clock.uninstall()
}

function fakeTimersOfVitest(): void {
  vi.useFakeTimers()
  restore = () => vi.useRealTimers()
}

const settled = (call: Promise<unknown>): Promise<unknown> =>
  Promise.race([call, new Promise((resolve) => later(resolve, 3_000, 'hangs'))])

test.each([
  ['Sinon and Jest', fakeTimersOfSinon],
  ['vitest', fakeTimersOfVitest],
])('calls return while timers are those of %s', async (_name, fake) => {
  const cache = await at.openConnected()
  await cache.set('before', 1)
  fake()
  const at0 = new Date()
  expect(await settled(cache.get('other'))).toBeUndefined()
  expect(await settled(cache.set('date', { at0 }))).toBeUndefined()
  expect(await settled(cache.get('before'))).toBe(1)
  expect(await settled(cache.getOrSet('loaded', () => 'value'))).toBe('value')
  expect(await settled(cache.delete('before'))).toBe(true)
  expect(await settled(cache.clear())).toBeGreaterThan(0)
})

test('commands leave when the nextTick of the moment is a fake', async () => {
  const stream = new PassThrough()
  const { nextTick } = process as { nextTick: typeof process.nextTick }
  process.nextTick = () => {}
  new WriteBatch().gather({ stream } as unknown as Redis)
  process.nextTick = nextTick
  expect(stream.writableCorked).toBe(1)
  await new Promise((resolve) => setImmediate(resolve))
  expect(stream.writableCorked).toBe(0)
})

test('a command to a frozen Redis still ends within its time limit', async () => {
  const cache = await at.openConnected({ onBackendError: 'throw' })
  fakeTimersOfSinon()
  at.redis.pause()
  try {
    const outcome = cache.get('key').catch((error: { code: string }) => error.code)
    expect(await settled(outcome)).toBe('BACKEND_TIMEOUT')
  } finally {
    at.redis.resume()
  }
})
