import { setTimeout as sleep } from 'node:timers/promises'
import { askRedis, type RedisServer } from '@verbatim/test-support'
import { FOREIGN_NAMES, keyName, PREFIX } from '../workload/keys.js'
import { type Fault, repeatedFault } from './fault.js'

const COPIES_EVERY_MS = 20

/**
 * Returns a fault that copies values to the names of other keys, like a tool that renames keys. The
 * cache must not serve a value under another name.
 */
export function valuesCopied(server: RedisServer, keys: number): Fault {
  let next = 0
  return repeatedFault('values copied', async () => {
    // Never copies a copy: at the end, an old value would be under its own name again.
    const [from, to] = [next, next + 1].map((key) => PREFIX + keyName(key))
    next = (next + 2) % keys
    await askRedis(server.port, `COPY ${from} ${to} REPLACE`)
    await sleep(COPIES_EVERY_MS)
  })
}

/**
 * Data of other programs under the prefix of the cache: a command that writes it, and one that
 * reads it.
 */
const FOREIGN_DATA: readonly (readonly [write: string, read: string])[] = [
  ['SET $ 41', 'GET $'],
  ['SET $ "V2 a format that is still to come"', 'GET $'],
  ['RPUSH $ item', 'LINDEX $ 0'],
  ['HSET $ field value', 'HGET $ field'],
]

/**
 * Returns a fault that writes data of other programs under the prefix of the cache. The cache must
 * not serve or change it.
 *
 * @param changed - called with the name and the command of data that was changed
 */
export function foreignData(server: RedisServer, changed: (what: string) => void): Fault {
  const commands = FOREIGN_DATA.map(([write, read], index) => {
    const name = PREFIX + (FOREIGN_NAMES[index] ?? '')
    return { name, write: write.replace('$', name), read: read.replace('$', name) }
  })
  let before: readonly string[] = []
  const readAll = (): Promise<string[]> =>
    Promise.all(commands.map(({ read }) => askRedis(server.port, read)))
  return {
    name: 'foreign data',
    lastsMs: [500, 1_500],
    begin: async () => {
      for (const { write } of commands) await askRedis(server.port, write)
      before = await readAll()
    },
    end: async () => {
      const after = await readAll()
      for (const [index, { name, read }] of commands.entries()) {
        if (after[index] !== before[index]) changed(`${name} has changed: ${read}`)
        await askRedis(server.port, `DEL ${name}`)
      }
    },
  }
}
