import type { Redis } from 'ioredis'

/** The value of a key as bytes of `DUMP`, and the time of its expiry. */
export interface KeyState {
  readonly dump: string | undefined
  readonly expiresAt: number
}

/**
 * Writes keys that start with a prefix but do not belong to a cache with this prefix: every type, other
 * formats and renamed values. Every third key of each kind has a TTL of one hour, starting with the
 * second.
 *
 * @param line - stored bytes of a cache with this prefix, under another key
 * @param count - least number of keys
 * @returns the names of the keys
 */
export async function plantForeignKeys(
  raw: Redis,
  prefix: string,
  line: string,
  count: number,
): Promise<string[]> {
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
    truncated: (name) => raw.set(name, line.slice(0, 25)),
    'lease-elsewhere': (name) =>
      raw.set(name, `${line.slice(0, 22)} 00000000 ?kPz0tqk2GbJv100000 1894890000000`),
  }
  const names: string[] = []
  for (let copy = 0; names.length < count; copy++) {
    const suffix = ['persistent', 'expiring'][copy] ?? copy
    for (const [kind, write] of Object.entries(kinds)) {
      const name = `${prefix}${kind}:${suffix}`
      await write(name)
      if (copy % 3 === 1) await raw.pexpire(name, 3_600_000)
      names.push(name)
    }
  }
  return names
}

/** Returns `DUMP` and `PEXPIRETIME` of every key. Compare two results to find any change. */
export async function stateOf(
  raw: Redis,
  names: readonly string[],
): Promise<Record<string, KeyState>> {
  const states = names.map(async (name): Promise<[string, KeyState]> => {
    const [dump, expiresAt] = await Promise.all([raw.dumpBuffer(name), raw.pexpiretime(name)])
    return [name, { dump: dump?.toString('hex'), expiresAt }]
  })
  return Object.fromEntries(await Promise.all(states))
}
