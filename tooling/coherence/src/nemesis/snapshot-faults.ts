import { setTimeout as sleep } from 'node:timers/promises'
import { askRedis, type RedisServer } from '@verbatim/test-support'
import type { Fault } from './fault.js'
import type { Processes } from './process-faults.js'

/**
 * The age of the youngest write that must not be lost with its process, in milliseconds: four times
 * what the cache promises, for a busy machine is late.
 */
const EPOCH_INTERVAL_MS = 1_000
/** The shortest age of a snapshot. What is younger may be lost anyway. */
const YOUNGEST_MS = 1_000
/** How long the server runs on, at most, after the process whose writes it loses was killed. */
const OUTLIVES_MS = 300
/** How long the others have to notice, before a process comes that knows nothing of old times. */
const NOTICED_WITHIN_MS = 1_500

/**
 * Returns the restarts from an older snapshot. What was deleted or overwritten since the snapshot
 * must not be served again, by any process, from its first contact with the restarted server on.
 *
 * @param oldestMs - the longest that the workload goes on after the snapshot
 */
export function snapshotFaults(
  server: RedisServer,
  processes: Processes,
  oldestMs: number,
): Fault[] {
  const older: Omit<Fault, 'name'> = {
    bringsBackMs: EPOCH_INTERVAL_MS,
    quietMs: [YOUNGEST_MS, oldestMs],
    lastsMs: [0, 500],
    prepare: async () => {
      const reply = await askRedis(server.port, 'SAVE')
      if (reply.startsWith('-')) throw new Error(`SAVE: ${reply}`)
    },
    begin: async () => kill(server),
    end: () => server.crash(),
  }
  const gone = processes.count - 1
  return [
    { ...older, name: 'older snapshot' },
    {
      ...older,
      name: 'older snapshot, a writer gone',
      kills: gone,
      begin: async () => {
        await processes.kill(gone)
        await sleep(Math.random() * OUTLIVES_MS)
        kill(server)
      },
      end: async () => {
        await server.crash()
        await sleep(NOTICED_WITHIN_MS)
        await processes.replace(gone)
      },
    },
  ]
}

/** Returns a restart by which nothing is lost. */
export function cleanRestart(server: RedisServer): Fault {
  return {
    name: 'clean restart',
    lastsMs: [0, 500],
    // The server closes the connection instead of a reply.
    begin: async () => {
      await askRedis(server.port, 'SHUTDOWN SAVE').catch(() => undefined)
    },
    end: () => server.crash(),
  }
}

/** Kills the server and leaves its snapshot, which {@link RedisServer.crash} starts it from. */
function kill({ pid }: RedisServer): void {
  if (pid !== undefined) process.kill(pid, 'SIGKILL')
}
