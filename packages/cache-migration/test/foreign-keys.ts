import { GenericRedisCache } from '@verbatim/cache-redis'
import type { Redis } from 'ioredis'

/** Further keys of each kind. */
const COPIES = 66

/** The bytes under a name as Redis dumps them, and the time of its expiry. */
interface KeyState {
  readonly dump: string | undefined
  readonly expiresAt: number
}

/**
 * Plants keys whose names start with a prefix although they do not belong to a cache with that prefix:
 * every type, other formats, renamed values, and entries of caches with longer prefixes.
 *
 * @returns their names
 */
export async function plantForeignKeys(
  redisUrl: string,
  raw: Redis,
  prefix: string,
): Promise<string[]> {
  const line = await lineOf(redisUrl, raw, prefix)
  const kinds: Record<string, (name: string) => Promise<unknown>> = {
    list: (name) => raw.rpush(name, 'x', 'y'),
    hash: (name) => raw.hset(name, { field: 'value' }),
    set: (name) => raw.sadd(name, 'a', 'b'),
    'sorted-set': (name) => raw.zadd(name, 1, 'a', 2, 'b'),
    stream: (name) => raw.xadd(name, '*', 'field', 'value'),
    counter: (name) => raw.set(name, '41'),
    empty: (name) => raw.set(name, ''),
    json: (name) => raw.set(name, '{"uid":7}'),
    binary: (name) => raw.set(name, Buffer.from([0, 255, 13, 10, 128])),
    'older-format': (name) =>
      raw.set(name, 'V1 6c36d344 =kPz0tqk2GbJv100000 1894890000000 0 0 7\n{"a":1}'),
    'newer-format': (name) => raw.set(name, `V3${line.slice(2)}`),
    'newer-kind': (name) => raw.set(name, line.replace(/ [=z]/, ' @')),
    'format-word': (name) => raw.set(name, 'V2 …'),
    renamed: (name) => raw.set(name, line),
    'cut-short': (name) => raw.set(name, line.slice(0, 25)),
  }
  for (const [kind, write] of Object.entries(kinds)) {
    await write(`${prefix}${kind}:kept`)
    await write(`${prefix}${kind}:expiring`)
    await raw.pexpire(`${prefix}${kind}:expiring`, 3_600_000)
    // A thousand in all.
    for (let copy = 0; copy < COPIES; copy++) await write(`${prefix}${kind}:${copy}`)
  }
  await using neighbour = new GenericRedisCache({ redisUrl, keyPrefix: `${prefix}users:` })
  await neighbour.setMany([
    ['1', { name: 'Ada' }],
    ['2', { name: 'Grace' }],
  ])
  // Without the records about prefixes, which open caches update.
  return (await raw.keys('*')).filter((name) => !name.includes('\0')).toSorted()
}

/** Reads DUMP and PEXPIRETIME of every name. Compare two results to find any change. */
export async function stateOf(raw: Redis, names: readonly string[]): Promise<object> {
  const states = names.map(async (name): Promise<[string, KeyState]> => {
    const [dump, expiresAt] = await Promise.all([raw.dumpBuffer(name), raw.pexpiretime(name)])
    return [name, { dump: dump?.toString('hex'), expiresAt }]
  })
  return Object.fromEntries(await Promise.all(states))
}

/** Returns what a cache stores under a key, as text. */
async function lineOf(redisUrl: string, raw: Redis, keyPrefix: string): Promise<string> {
  await using cache = new GenericRedisCache({ redisUrl, keyPrefix })
  await cache.set('model', { answer: 42 }, '1h')
  const line = await raw.get(`${keyPrefix}model`)
  await raw.del(`${keyPrefix}model`)
  return line ?? ''
}
