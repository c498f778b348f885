import { compileGlob, escapeGlob } from '@verbatim/cache-core'
import type { Redis } from 'ioredis'
import type { RunCommands } from '../connection/redis-connection.js'
import type { Keyspace } from './keyspace.js'

/** Keys asked for in one step of SCAN. */
const PAGE = 500

export interface ScanOptions {
  readonly run: RunCommands
  readonly masters: () => readonly Redis[]
  readonly keyspace: Keyspace
}

/** Lists the keys that a glob matches, page by page, on every server. Redis may list a key twice. */
export async function* scanKeys(
  { run, masters, keyspace }: ScanOptions,
  pattern: string,
): AsyncIterable<string[]> {
  const matches = compileGlob(pattern)
  // The literal head of the pattern, for Redis to narrow the search by.
  const head = /^[^*?[\\]*/.exec(pattern)?.[0] ?? ''
  const coarse = `${escapeGlob(keyspace.nameOf(head))}*`
  // Also that all of them can be asked: half a list would look like a whole one.
  for (const node of await run(async () => masters())) {
    let cursor = '0'
    do {
      const [next, page] = await run(() => node.scan(cursor, 'MATCH', coarse, 'COUNT', PAGE), node)
      cursor = next
      // Redis matches bytes and we match characters, so ours has the last word.
      yield page
        .map((name) => keyspace.keyOf(name))
        .filter((key): key is string => key !== undefined && matches(key))
    } while (cursor !== '0')
  }
}
