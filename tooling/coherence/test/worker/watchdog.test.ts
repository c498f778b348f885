import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NeverSettled, Watchdog } from '../../src/worker/watchdog.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('returns the result of an operation that settles', async () => {
  const watchdog = new Watchdog()
  await expect(watchdog.watch('get', Promise.resolve(1))).resolves.toBe(1)
  await expect(watchdog.watch('get', Promise.reject(new Error('no')))).rejects.toThrow('no')
  await vi.advanceTimersByTimeAsync(60_000)
  watchdog.close()
})

test('rejects an operation that does not settle after ten seconds, and not before', async () => {
  const watchdog = new Watchdog()
  let error: unknown
  watchdog.watch('get of key 1', new Promise(() => undefined)).catch((reason: unknown) => {
    error = reason
  })
  await vi.advanceTimersByTimeAsync(9_900)
  expect(error).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(error).toBeInstanceOf(NeverSettled)
  expect(String(error)).toContain('get of key 1')
  watchdog.close()
})
