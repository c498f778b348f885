import type { Redis } from 'ioredis'
import { GenericRedisCache } from '../src/index.js'

/** What stands under a name: its bytes as Redis would dump them, and its remaining TTL. */
export interface KeyState {
  readonly dump: string | undefined
  readonly expiresAt: number
}

/**
 * Plants keys that are not of a cache on `app:`, although their names start with that: every type,
 * other formats, values of other prefixes, other keys and other databases.
 *
 * @returns their names
 */
export async function plantForeignKeys(
  redisUrl: string,
  raw: Redis,
  count: number,
): Promise<string[]> {
  const names: string[] = []
  const plant = async (kind: string, write: (name: string) => Promise<unknown>): Promise<void> => {
    const name = `app:${kind}:${names.length}`
    await write(name)
    if (names.length % 3 === 0) await raw.pexpire(name, 3_600_000)
    names.push(name)
  }
  const line = await lineOf(redisUrl, raw, 'app:', 'model')
  const kinds: Record<string, (name: string) => Promise<unknown>> = {
    list: (name) => raw.rpush(name, 'x', 'y'),
    hash: (name) => raw.hset(name, { field: 'value', uid: '7' }),
    set: (name) => raw.sadd(name, 'a', 'b'),
    'sorted-set': (name) => raw.zadd(name, 1, 'a', 2, 'b'),
    stream: (name) => raw.xadd(name, '*', 'field', 'value'),
    counter: (name) => raw.set(name, '41'),
    empty: (name) => raw.set(name, ''),
    json: (name) => raw.set(name, '{"uid":7}'),
    binary: (name) => raw.set(name, Buffer.from([0, 255, 13, 10, 128])),
    bitmap: (name) => raw.setbit(name, 1_000, 1),
    'python-pickle': (name) => raw.set(name, Buffer.from('comp:x\u009cK')),
    'older-format': (name) =>
      raw.set(name, 'V1 6c36d344 =kPz0tqk2GbJv100000 1894890000000 0 0 7\n{"a":1}'),
    'older-lease': (name) => raw.set(name, 'V1 00000000 ?kPz0tqk2GbJv100000 1894890000000'),
    'newer-format': (name) => raw.set(name, `V3${line.slice(2)}`),
    'newer-kind': (name) => raw.set(name, line.replace(/ [=z]/, ' @')),
    'format-word': (name) => raw.set(name, 'V2 …'),
    renamed: (name) => raw.set(name, line),
    'cut-short': (name) => raw.set(name, line.slice(0, 25)),
    'lease-elsewhere': (name) =>
      raw.set(name, `${line.slice(0, 22)} 00000000 ?kPz0tqk2GbJv100000 1894890000000`),
  }
  while (names.length < count) {
    for (const [kind, write] of Object.entries(kinds)) await plant(kind, write)
  }
  return names
}

/** Plants values of other caches whose prefixes start with `app:`. Returns the names. */
export async function plantNeighbours(
  redisUrl: string,
  raw: Redis,
  count: number,
): Promise<string[]> {
  for (const keyPrefix of ['app:users:', 'app:{users}:', 'app:\u0000x']) {
    const neighbour = new GenericRedisCache({ redisUrl, keyPrefix })
    await neighbour.connect()
    for (let index = 0; index < count; index++) {
      await neighbour.set(`${index}`, { index }, { tags: index % 2 === 0 ? ['even'] : [] })
    }
    await neighbour.close()
  }
  return (await raw.keys('app:*')).filter((name) => /^app:(?:users:|\{users\}:|\0x)/.test(name))
}

export async function stateOf(
  raw: Redis,
  names: readonly string[],
): Promise<Map<string, KeyState>> {
  const states = names.map(async (name): Promise<[string, KeyState]> => {
    const [dump, expiresAt] = await Promise.all([raw.dumpBuffer(name), raw.pexpiretime(name)])
    return [name, { dump: dump?.toString('hex'), expiresAt }]
  })
  return new Map(await Promise.all(states))
}

/** What a cache stores under a key, read back as text. */
async function lineOf(
  redisUrl: string,
  raw: Redis,
  keyPrefix: string,
  key: string,
): Promise<string> {
  await using cache = new GenericRedisCache({ redisUrl, keyPrefix })
  await cache.set(key, { answer: 42 }, '1h')
  const line = await raw.get(keyPrefix + key)
  await raw.del(keyPrefix + key)
  return line ?? ''
}
