import { isUtf8 } from 'node:buffer'
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { CacheError, ConfigurationError, type InspectedEntry } from '@verbatim/cache-core'
import { compileGlob, invalidOption, isPlainObject } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { explain, nameOf } from './failures.js'
import { RedisKeyspace, type RedisKeyspaceOptions } from './redis/redis-keyspace.js'

/** Options of {@link PythonStore}. */
export interface PythonStoreOptions extends RedisKeyspaceOptions {
  /** Beginning of the keys in Redis, which the listed keys lack. Default: none. */
  readonly keyPrefix?: string | undefined
}

const unzip = promisify(inflate)

/** Largest value after decompression, in bytes. */
const MAX_VALUE_BYTES = 64 * 1_024 * 1_024
const PAGE = 500
/** The first byte of data of pickle, from its protocol 2 on. */
const PICKLE = 0x80
/** Documents of the later releases and compressed values are nested at most this deep. */
const MAX_WRAPPERS = 4

/**
 * The store of a Python version of the cache in Redis, as the source of a migration. It writes nothing.
 *
 * It reads JSON (`rawj:`), compressed JSON (`zlib:` and `compressed:`) and the JSON documents of later releases.
 * Pickled values are failures with the name of their key: unpickling runs code that the writer of the value chose.
 *
 * @example
 * ```ts
 * await using python = new PythonStore({ redisUrl: 'redis://127.0.0.1:6379', keyPrefix: 'ai_cache:' })
 * const { keysMigrated, errors } = await manager.migrate(python, new AIResponseCache(options))
 * ```
 */
export class PythonStore implements AsyncDisposable {
  readonly #keyspace: RedisKeyspace
  readonly #prefix: Buffer

  /** @throws ConfigurationError (`INVALID_OPTION`, `INVALID_REDIS_URL`) for bad and unknown options */
  constructor(options: PythonStoreOptions) {
    const { keyPrefix = '', ...location } = options ?? {}
    if (typeof keyPrefix !== 'string') {
      throw invalidOption('keyPrefix', 'a string', keyPrefix)
    }
    if (Object.keys(location).length === 0) {
      throw new ConfigurationError('options must have the location of Redis', {
        code: 'INVALID_OPTION',
      })
    }
    this.#prefix = Buffer.from(keyPrefix)
    this.#keyspace = new RedisKeyspace(location)
  }

  /** Yields the entries whose keys match a glob, and an error for each key that cannot be read. */
  async *inspect(pattern = '*'): AsyncGenerator<InspectedEntry> {
    const matches = compileGlob(pattern)
    await this.#keyspace.connect()
    const listed = new Set<string>()
    for (const master of this.#keyspace.masters()) {
      for await (const names of this.#pages(master)) {
        const found = names
          .filter((name) => name.subarray(0, this.#prefix.length).equals(this.#prefix))
          .map((name) => ({ name, key: nameOf(name.subarray(this.#prefix.length)) }))
          .filter(({ key }) => matches(key) && !listed.has(key))
        for (const { key } of found) listed.add(key)
        const entries = await Promise.all(
          found.map(({ name, key }) => this.#read(master, name, key)),
        )
        for (const entry of entries) if (entry !== undefined) yield entry
      }
    }
  }

  /** Closes the connections. */
  close(): Promise<void> {
    return this.#keyspace.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async *#pages(master: Redis): AsyncGenerator<Buffer[]> {
    let cursor = '0'
    do {
      const reply = await this.#keyspace.run(master, 'SCAN', cursor, 'COUNT', PAGE)
      const [next, names] = reply as [Buffer, Buffer[]]
      cursor = String(next)
      yield names
    } while (cursor !== '0')
  }

  async #read(master: Redis, name: Buffer, key: string): Promise<InspectedEntry | undefined> {
    const type = String(await this.#keyspace.run(master, 'TYPE', name))
    if (type === 'none') return undefined
    // Two such keys could get the same name as text.
    if (!isUtf8(name)) return { key, error: unreadable('the key is not text in UTF-8') }
    if (type !== 'string') return { key, error: unreadable(`the key has the type ${type}`) }
    const [bytes, left] = await Promise.all([
      this.#keyspace.run(master, 'GET', name),
      this.#keyspace.run(master, 'PTTL', name),
    ])
    if (!Buffer.isBuffer(bytes) || Number(left) === -2) return undefined
    try {
      const value = await decode(bytes)
      return { key, value, ttl: Number(left) < 0 ? null : Math.max(1, Number(left)) / 1_000 }
    } catch (error) {
      return { key, error: error instanceof CacheError ? error : unreadable(explain(error)) }
    }
  }
}

/**
 * Decodes a value of the Python version. Executes nothing.
 *
 * @throws CacheError (`PICKLED`, `UNREADABLE`)
 */
async function decode(bytes: Buffer, wrappers = 0): Promise<unknown> {
  if (wrappers > MAX_WRAPPERS) throw unreadable('the value is nested too deeply')
  const marker = /^(rawj|raw|pick|zlib|compressed):/.exec(bytes.toString('latin1', 0, 11))?.[1]
  const body = marker === undefined ? bytes : bytes.subarray(marker.length + 1)
  if (marker === 'raw' || marker === 'pick' || body[0] === PICKLE) throw pickled()
  if (marker === 'zlib' || marker === 'compressed') {
    return decode(await decompress(body), wrappers + 1)
  }
  const value = parse(body)
  const inner = isPlainObject(value) ? value['_serialized_data'] : undefined
  if (marker !== undefined || typeof inner !== 'string') return value
  return decode(Buffer.from(inner), wrappers + 1)
}

async function decompress(body: Buffer): Promise<Buffer> {
  try {
    return await unzip(body, { maxOutputLength: MAX_VALUE_BYTES })
  } catch {
    throw unreadable('the value cannot be decompressed')
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    // The message of JSON.parse quotes the value.
    throw unreadable('the value is not JSON')
  }
}

function pickled(): CacheError {
  return new CacheError('the value is pickled, and reading it could run code', { code: 'PICKLED' })
}

function unreadable(reason: string): CacheError {
  return new CacheError(reason, { code: 'UNREADABLE' })
}
