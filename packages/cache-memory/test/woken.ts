// In a process of its own, for the loop of a test runner is never idle. Says what a read answers that
// comes as the process hears of something, after it stood still when it had just done something else
// and not yet looked what has happened meanwhile.
import { spawn } from 'node:child_process'
import { systemClock } from '@verbatim/cache-core'
import { timers } from '@verbatim/cache-core/implement'
import { InMemoryCache } from '../src/index.js'

const cache = new InMemoryCache({ defaultTtl: '11s' })
await cache.set('key', 'value')

spawn('sleep', ['0.2'], { stdio: 'ignore' }).once('exit', () => {
  void cache.get('key').then((value) => console.log(String(value)))
})
setTimeout(() => {
  const isThere = (value: unknown): void => {
    if (value !== 'value') throw new Error('it should be there still')
  }
  for (let hit = 0; hit < 100; hit++) void cache.get('key').then(isThere)
  setImmediate(() => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
    const now = timers.now
    // As if it had been longer.
    Object.assign(systemClock, { now: () => now() + 11_000 })
  })
}, 1)
