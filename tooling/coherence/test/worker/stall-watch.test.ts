import { expect, test } from 'vitest'
import { StallWatch } from '../../src/worker/stall-watch.js'

test('a process counts as stalled until it has read its sockets', async () => {
  const watch = new StallWatch()
  await expect.poll(() => watch.isStalled).toBe(false)
  const inTimers: boolean[] = []
  const timer = setTimeout(() => inTimers.push(watch.isStalled), 20)
  const until = performance.now() + 100
  while (performance.now() < until);
  expect(watch.isStalled).toBe(true)
  await expect.poll(() => watch.isStalled).toBe(false)
  // The timers ran first.
  expect(inTimers).toEqual([true])
  clearTimeout(timer)
  watch.close()
})
