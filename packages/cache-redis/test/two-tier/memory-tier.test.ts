import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { ServableEntries } from '../../src/two-tier/memory-tier.js'

test('returns what its sources say', () => {
  const say = { connected: true, proven: true }
  const servable = new ServableEntries({
    isConnected: () => say.connected,
    isTracking: () => say.proven,
    isDown: () => false,
  })
  expect(servable.look()).toBe('tracked')
  say.proven = false
  servable.changed()
  expect(servable.look()).toBe('none')
  say.connected = false
  expect(servable.look()).toBe('all')
})

test('one check counts for several hits, but not for many', () => {
  const proven = vi.fn(() => true)
  const servable = new ServableEntries({
    isConnected: () => true,
    isTracking: proven,
    isDown: () => false,
  })
  for (let hit = 0; hit < 170; hit++) expect(servable.look()).toBe('tracked')
  expect(proven).toHaveBeenCalledTimes(10)
})

test.each(['asleep', 'awake'])(
  'a call that arrives after the process was stopped %s is not served by an old check',
  async (stoodStill) => {
    const script = fileURLToPath(new URL('woken.ts', import.meta.url))
    // By its place: where the tests are started from it may not be found by name.
    const args = ['--import', import.meta.resolve('tsx'), script, stoodStill]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(stdout).toBe('none\n')
  },
)

test('one check counts for a whole turn of the event loop', async () => {
  const proven = vi.fn(() => true)
  const servable = new ServableEntries({
    isConnected: () => true,
    isTracking: proven,
    isDown: () => false,
  })
  for (let hit = 0; hit < 10; hit++) {
    expect(servable.look()).toBe('tracked')
    await Promise.resolve()
  }
  expect(proven).toHaveBeenCalledTimes(1)
  await new Promise((resolve) => setImmediate(resolve))
  expect(servable.look()).toBe('tracked')
  expect(proven).toHaveBeenCalledTimes(2)
})
