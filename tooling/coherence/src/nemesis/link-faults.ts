import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultProxy } from '@verbatim/fault-proxy'
import { type Fault, instantFault, repeatedFault } from './fault.js'

/** What can go wrong between a server and the one process that reaches it through this proxy. */
export function linkFaults(proxy: FaultProxy, process: number): Fault[] {
  const untilHealed = (name: string, begin: () => Promise<void>): Fault => ({
    name,
    process,
    begin,
    end: () => proxy.pass(),
  })
  return [
    { ...instantFault('link reset', () => proxy.cut()), process },
    untilHealed('link refused', async () => {
      await proxy.refuse()
      await proxy.cut()
    }),
    untilHealed('link dead', () => proxy.blackHole('both')),
    untilHealed('link frozen', () => proxy.blackHole('both', { bytes: 'delayed' })),
    untilHealed('link without answers', () => proxy.blackHole('down')),
    untilHealed('link without questions', () => proxy.blackHole('up')),
    // What was sent arrives when its sender has long given it up.
    untilHealed('link late', () => proxy.blackHole('up', { bytes: 'delayed' })),
    untilHealed('link slow', () => proxy.delay({ milliseconds: 20, jitter: 40 })),
    // By connection: what comes by one of them, such as an invalidation, is overtaken by another.
    untilHealed('link with late answers', () =>
      proxy.delay({ milliseconds: 0, jitter: 50, direction: 'down' }),
    ),
    // Invalidations are lost with their connection, which takes some time to end.
    {
      name: 'link lost with invalidations',
      process,
      lastsMs: [20, 300],
      begin: () => proxy.dropPushes(),
      end: async () => {
        await proxy.cut()
        await proxy.pass()
      },
    },
    changesRefused(proxy, process),
    untilHealed('link narrow', () => proxy.limitBandwidth({ bytesPerSecond: 300_000 })),
    untilHealed('link in pieces', () => proxy.slice({ bytes: 500 })),
  ]
}

/** All that changes something, whether as commands, scripts or functions. */
const CHANGES = ['FCALL', 'EVALSHA', 'EVAL', 'SET', 'UNLINK', 'DEL']
const REFUSED_AT_A_TIME = 4
const REFUSES_EVERY_MS = 50

/** Again and again, so that some keys have unconfirmed changes while the others can be read. */
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
