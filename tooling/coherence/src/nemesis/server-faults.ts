import { setTimeout as sleep } from 'node:timers/promises'
import { askRedis, type RedisServer } from '@verbatim/test-support'
import { type Fault, instantFault, repeatedFault } from './fault.js'
import { cleanRestart } from './snapshot-faults.js'

/** Of each turn of a slow server it stands still for the first part; less than a command may take. */
const STANDS_STILL_MS = 40
const TURN_MS = 60
const FORGETS_EVERY_MS = 5
const FULL_FOR_MS = 10

/** What can go wrong with a server without anything between it and its clients. */
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
      // What was deleted or overwritten since is there again.
      name: 'server set back',
      bringsBackMs: 0,
      begin: command('SAVE'),
      end: () => server.crash(),
    },
    {
      // No epoch has begun since, so nobody but the writers knows what was lost.
      name: 'server set back at once',
      bringsBackMs: 0,
      lastsMs: [0, 120],
      begin: command('SAVE'),
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

/** Again and again, so that of commands under way some find the script and others do not. */
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

/** Writes are refused; reads and deletes are not. */
function outOfMemory(server: RedisServer): Fault {
  return {
    name: 'out of memory',
    begin: () => order(server, 'CONFIG SET maxmemory 1'),
    end: () => order(server, 'CONFIG SET maxmemory 0'),
  }
}

/** What is written between two turns is the old value of a write that fails in the next one. */
function memoryFullInTurns(server: RedisServer): Fault {
  const full = outOfMemory(server)
  return repeatedFault('memory full in turns', async () => {
    await full.begin()
    await sleep(FULL_FOR_MS)
    await full.end()
    await sleep(FULL_FOR_MS)
  })
}

/** Removes whatever it likes, and may refuse writes if that is not enough. */
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

/** @throws Error when the server refuses a command */
async function order(server: RedisServer, ...commands: readonly string[]): Promise<void> {
  for (const words of commands) {
    const reply = await askRedis(server.port, words)
    if (reply.startsWith('-')) throw new Error(`${words}: ${reply}`)
  }
}
