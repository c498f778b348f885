// Prints the result of a read right after the process was suspended. The read happens in a callback of a
// socket, before any timer. Runs in a process of its own, because the event loop of a test runner is never idle.
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
    if (value !== 'value') throw new Error('the entry should still exist')
  }
  for (let hit = 0; hit < 100; hit++) void cache.get('key').then(isThere)
  setImmediate(() => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
    const now = timers.now
    // Pretends that the pause was longer.
    Object.assign(systemClock, { now: () => now() + 11_000 })
  })
}, 1)
