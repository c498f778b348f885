import { setTimeout as sleep } from 'node:timers/promises'
import { askRedis, type RedisServer } from '@verbatim/test-support'
import type { Fault } from './fault.js'
import type { Processes } from './process-faults.js'

/**
 * Age in milliseconds from which a write must survive the loss of its process. It is four times the
 * limit that the cache promises, because a busy machine is late.
 */
const EPOCH_INTERVAL_MS = 1_000
/** Shortest age of a snapshot. Younger changes may be lost. */
const YOUNGEST_MS = 1_000
/** Longest time between the kill of the process and the kill of the server. */
const OUTLIVES_MS = 300
/** Time for the other processes to detect the loss, before a new process starts. */
const NOTICED_WITHIN_MS = 1_500

/**
 * Returns the restarts from an older snapshot. From its first contact with the restarted server on,
 * no process may serve a value that was deleted or overwritten after the snapshot.
 *
 * @param oldestMs - longest time between the snapshot and the restart
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

/** Returns a restart without any loss. */
export function cleanRestart(server: RedisServer): Fault {
  return {
    name: 'clean restart',
    lastsMs: [0, 500],
    // The server closes the connection instead of sending a reply.
    begin: async () => {
      await askRedis(server.port, 'SHUTDOWN SAVE').catch(() => undefined)
    },
    end: () => server.crash(),
  }
}

/** Kills the server and leaves its snapshot, from which {@link RedisServer.crash} starts it. */
function kill({ pid }: RedisServer): void {
  if (pid !== undefined) process.kill(pid, 'SIGKILL')
}
