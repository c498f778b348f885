import { setTimeout as sleep } from 'node:timers/promises'
import { askRedis, type RedisServer } from '@verbatim/test-support'
import { type Fault, instantFault, repeatedFault } from './fault.js'
import { cleanRestart } from './snapshot-faults.js'

/**
 * Milliseconds for which a slow server stands still in each turn. Shorter than the time limit of a
 * command.
 */
const STANDS_STILL_MS = 40
const TURN_MS = 60
const FORGETS_EVERY_MS = 5
const FULL_FOR_MS = 10

/** Returns the faults of a server. */
export function serverFaults(server: RedisServer): Fault[] {
  const command =
    (...commands: readonly string[]) =>
    (): Promise<void> =>
      order(server, ...commands)
  return [
    {
      name: 'server killed',
      begin: () => server.stop('SIGKILL'),
      end: () => server.start(),
    },
    {
      // Deleted and overwritten values reappear.
      name: 'server set back',
      bringsBackMs: 0,
      begin: command('SAVE'),
      end: () => server.crash(),
    },
    {
      // No epoch has started since, so only the writers know the lost changes.
      name: 'server set back at once',
      bringsBackMs: 0,
      lastsMs: [0, 120],
      begin: command('SAVE'),
      end: () => server.crash(),
    },
    {
      // Changes fail, are sent again, and are lost shortly after.
      name: 'server set back after lost connections',
      bringsBackMs: 0,
      lastsMs: [20, 150],
      begin: command('SAVE', 'CLIENT KILL TYPE normal'),
      end: () => server.crash(),
    },
    {
      name: 'server frozen',
      lastsMs: [300, 2_000],
      begin: async () => server.pause(),
      end: async () => server.resume(),
    },
    slowServer(server),
    outOfMemory(server),
    memoryFullInTurns(server),
    evicting(server),
    instantFault('data flushed', command('FLUSHALL')),
    instantFault('connections killed', command('CLIENT KILL TYPE normal')),
    instantFault('subscriptions killed', command('CLIENT KILL TYPE pubsub')),
    scriptsForgotten(server),
    cleanRestart(server),
  ]
}

/**
 * Removes the scripts repeatedly, so that some commands in flight find the script and others do
 * not.
 */
function scriptsForgotten(server: RedisServer): Fault {
  return repeatedFault('scripts forgotten', async () => {
    await order(server, 'SCRIPT FLUSH', 'FUNCTION FLUSH')
    await sleep(FORGETS_EVERY_MS)
  })
}

function slowServer(server: RedisServer): Fault {
  let turns: NodeJS.Timeout | undefined
  return {
    name: 'server slow',
    begin: async () => {
      turns = setInterval(() => {
        server.pause()
        setTimeout(() => server.resume(), STANDS_STILL_MS)
      }, TURN_MS)
    },
    end: async () => {
      clearInterval(turns)
      server.resume()
    },
  }
}

/** Rejects writes. Reads and deletes still work. */
function outOfMemory(server: RedisServer): Fault {
  return {
    name: 'out of memory',
    begin: () => order(server, 'CONFIG SET maxmemory 1'),
    end: () => order(server, 'CONFIG SET maxmemory 0'),
  }
}

/**
 * Rejects writes in turns. A write between two turns creates the old value of a write that fails in
 * the next turn.
 */
function memoryFullInTurns(server: RedisServer): Fault {
  const full = outOfMemory(server)
  return repeatedFault('memory full in turns', async () => {
    await full.begin()
    await sleep(FULL_FOR_MS)
    await full.end()
    await sleep(FULL_FOR_MS)
  })
}

/** Evicts any key, and may reject writes if that is not enough. */
function evicting(server: RedisServer): Fault {
  return {
    name: 'server evicting',
    begin: async () => {
      const memory = await askRedis(server.port, 'INFO memory')
      const used = /used_memory:(\d+)/u.exec(memory)?.[1] ?? ''
      await order(server, `CONFIG SET maxmemory-policy allkeys-random maxmemory ${used}`)
    },
    end: () => order(server, 'CONFIG SET maxmemory-policy noeviction maxmemory 0'),
  }
}

/**
 * Sends a command.
 *
 * @throws Error if the server rejects the command
 */
async function order(server: RedisServer, ...commands: readonly string[]): Promise<void> {
  for (const words of commands) {
    const reply = await askRedis(server.port, words)
    if (reply.startsWith('-')) throw new Error(`${words}: ${reply}`)
  }
}
