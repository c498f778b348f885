import { askRedis, type RedisServer } from '@verbatim/test-support'
import { type Fault, instantFault } from './fault.js'

/** Of each turn of a slow server it stands still for the first part; less than a command may take. */
const STANDS_STILL_MS = 40
const TURN_MS = 60

/** What can go wrong with a server without anything between it and its clients. */
export function serverFaults(server: RedisServer): Fault[] {
  const command = (words: string) => (): Promise<string> => askRedis(server.port, words)
  return [
    {
      name: 'server killed',
      begin: () => server.stop('SIGKILL'),
      end: () => server.start(),
    },
    {
      name: 'server frozen',
      begin: async () => server.pause(),
      end: async () => server.resume(),
    },
    slowServer(server),
    outOfMemory(server),
    instantFault('data flushed', command('FLUSHALL')),
    instantFault('connections killed', command('CLIENT KILL TYPE normal')),
    instantFault('scripts forgotten', command('SCRIPT FLUSH')),
  ]
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
    begin: async () => {
      await askRedis(server.port, 'CONFIG SET maxmemory 1')
    },
    end: async () => {
      await askRedis(server.port, 'CONFIG SET maxmemory 0')
    },
  }
}
