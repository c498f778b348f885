import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultProxy } from '@verbatim/fault-proxy'
import { type Fault, instantFault, repeatedFault } from './fault.js'

/** Returns the faults between a server and the one process that uses this proxy. */
export function networkFaults(proxy: FaultProxy, process: number): Fault[] {
  const untilHealed = (name: string, begin: () => Promise<void>): Fault => ({
    name,
    process,
    begin,
    end: () => proxy.pass(),
  })
  return [
    { ...instantFault('network reset', () => proxy.cut()), process },
    untilHealed('network refused', async () => {
      await proxy.refuse()
      await proxy.cut()
    }),
    untilHealed('network dead', () => proxy.blackHole('both')),
    untilHealed('network frozen', () => proxy.blackHole('both', { bytes: 'delayed' })),
    untilHealed('network without answers', () => proxy.blackHole('down')),
    untilHealed('network without questions', () => proxy.blackHole('up')),
    // Commands arrive long after their sender has given up.
    untilHealed('network late', () => proxy.blackHole('up', { bytes: 'delayed' })),
    untilHealed('network slow', () => proxy.delay({ milliseconds: 20, jitter: 40 })),
    // The delay is per connection: an invalidation arrives after later replies of another
    // connection.
    untilHealed('network with late answers', () =>
      proxy.delay({ milliseconds: 0, jitter: 50, direction: 'down' }),
    ),
    // Invalidations are lost with their connection, which takes some time to end.
    {
      name: 'network lost with invalidations',
      process,
      lastsMs: [20, 300],
      begin: () => proxy.dropPushes(),
      end: async () => {
        await proxy.cut()
        await proxy.pass()
      },
    },
    changesRefused(proxy, process),
    untilHealed('network narrow', () => proxy.limitBandwidth({ bytesPerSecond: 300_000 })),
    untilHealed('network in pieces', () => proxy.slice({ bytes: 500 })),
  ]
}

/** All commands that change data, as commands, scripts or functions. */
const CHANGES = ['FCALL', 'EVALSHA', 'EVAL', 'SET', 'UNLINK', 'DEL']
const REFUSED_AT_A_TIME = 4
const REFUSES_EVERY_MS = 50

/**
 * Rejects changes for a short time, repeatedly. Some keys then have pending invalidations while
 * others can be read.
 */
function changesRefused(proxy: FaultProxy, process: number): Fault {
  const refusing = repeatedFault('changes refused', async () => {
    for (const command of CHANGES) {
      await proxy.answerWithError({ command, error: 'ERR refused', count: REFUSED_AT_A_TIME })
    }
    await sleep(REFUSES_EVERY_MS)
  })
  return {
    ...refusing,
    process,
    end: async () => {
      await refusing.end()
      await proxy.pass()
    },
  }
}
