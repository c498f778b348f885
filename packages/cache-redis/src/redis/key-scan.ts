import { escapeGlob } from '@verbatim/cache-core'
import { compileGlob } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { malformedReply } from '../connection/connection-errors.js'
import type { RunCommands } from '../connection/redis-connection.js'
import type { Keyspace } from './keyspace.js'

/** Keys asked for in one step of SCAN. */
const PAGE = 500

export interface ScanOptions {
  readonly run: RunCommands
  readonly master: Redis
  readonly keyspace: Keyspace
}

/** Lists the keys of one server that a glob matches, page by page. Redis may list a key twice. */
export async function* scanKeys(
  { run, master, keyspace }: ScanOptions,
  pattern: string,
): AsyncIterable<string[]> {
  const matches = compileGlob(pattern)
  // The literal head of the pattern, for Redis to narrow the search by.
  const head = /^[^*?[\\]*/.exec(pattern)?.[0] ?? ''
  const coarse = `${escapeGlob(keyspace.nameOf(head))}*`
  let cursor = '0'
  do {
    const reply = await run(() => master.scan(cursor, 'MATCH', coarse, 'COUNT', PAGE), master)
    const [next, page] = reply
    if (!/^\d+$/.test(next) || !Array.isArray(page))
      throw malformedReply('it must be a page of keys')
    cursor = next
    // Redis matches bytes and we match characters, so ours has the last word.
    yield page
      .map((name) => keyspace.keyOf(name))
      .filter((key): key is string => key !== undefined && matches(key))
  } while (cursor !== '0')
}
