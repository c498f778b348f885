// In a process of its own, for the loop of a test runner never sleeps. Says what a hit is answered by
// that comes as the process hears of something, after it stood still at this point of its loop:
//
//   asleep      it waits for something to happen
//   awake       it has just done something else, and has not read its sockets yet
import { spawn } from 'node:child_process'
import { ServableEntries } from '../../src/two-tier/memory-tier.js'

const stoodStill = process.argv[2]
let isProven = true
const servable = new ServableEntries({
  isConnected: () => true,
  isTracking: () => isProven,
  isDown: () => false,
})

spawn('sleep', ['0.2'], { stdio: 'ignore' }).once('exit', () => console.log(servable.look()))
setTimeout(() => {
  if (servable.look() !== 'tracked') throw new Error('it should be proven now')
  if (stoodStill === 'awake') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
  // As while it is stopped, or its machine sleeps: no event reports it, and no timer runs first.
  isProven = false
}, 1)
