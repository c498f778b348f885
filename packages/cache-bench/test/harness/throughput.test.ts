import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { measureThroughput } from '../../src/harness/throughput.js'

test('measureThroughput keeps one call of each caller in flight', async () => {
  let inFlight = 0
  let most = 0
  const operation = async (): Promise<void> => {
    most = Math.max(most, ++inFlight)
    await sleep(5)
    inFlight--
  }
  const { calls, callsPerSecond } = await measureThroughput(operation, {
    callers: 8,
    durationMs: 100,
  })
  expect(most).toBe(8)
  expect(inFlight).toBe(0)
  expect(calls).toBeGreaterThanOrEqual(8)
  // Each caller completes at most 200 calls per second.
  expect(callsPerSecond).toBeLessThan(1_700)
})

test('measureThroughput lets timers run during calls that return at once', async () => {
  let hasRun = false
  setTimeout(() => {
    hasRun = true
  }, 5)
  await measureThroughput(async () => undefined, { durationMs: 50 })
  expect(hasRun).toBe(true)
})

test('measureThroughput rejects with the error of the operation', async () => {
  const failing = measureThroughput(
    async (call) => {
      if (call === 3) throw new Error('the fourth call fails')
    },
    { callers: 2, durationMs: 10_000 },
  )
  await expect(failing).rejects.toThrow('the fourth call fails')
})
