// In a process of its own, for the loop of a test runner never sleeps. Says what a hit is answered by
// that comes as the process wakes.
import { spawn } from 'node:child_process'
import { MemoryTrust } from '../../src/memory/memory-trust.js'

let isProven = true
const trust = new MemoryTrust({ connected: () => true, proven: () => isProven })

spawn('sleep', ['0.2'], { stdio: 'ignore' }).once('exit', () => console.log(trust.current))
setTimeout(() => {
  if (trust.current !== 'proven') throw new Error('it should be proven now')
  // As while it is stopped, or its machine sleeps: nothing tells of it, and no timer comes first.
  isProven = false
}, 1)
