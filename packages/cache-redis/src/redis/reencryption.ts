import { ValidationError } from '@verbatim/cache-core'
import { assertKnownFields, flagArgument } from '@verbatim/cache-core/implement'
import { inChunks } from '../chunks.js'
import { classify } from '../codec/stored-line.js'
import type { NotReencrypted } from '../codec/value-codec.js'
import { malformedReply } from '../connection/connection-errors.js'
import { scanStore } from './listing.js'
import type { KeyMetadata } from './metadata.js'
import type { StoreParts } from './store-parts.js'

/** Options of {@link GenericRedisCache.reencrypt}. */
export interface ReencryptOptions {
  /** Whether values are only counted, and nothing is written. Default: false. */
  readonly dryRun?: boolean | undefined
}

/** The number of values of each outcome of {@link GenericRedisCache.reencrypt}. */
export interface ReencryptionCounts {
  /** Values that the primary key encrypts now; in a dry run, those that it would encrypt. */
  readonly reencrypted: number
  /** Values that the primary key encrypted before. */
  readonly current: number
  /** Values without encryption. They stay as they are. */
  readonly unencrypted: number
  /** Values that a process has written or removed in the meantime. Its change stays. */
  readonly superseded: number
  /** Values that cannot be decrypted, by reason. They stay as they are. */
  readonly unreadable: Readonly<
    Partial<Record<Exclude<NotReencrypted, 'current' | 'unencrypted'>, number>>
  >
}

type Outcome = 'reencrypted' | 'superseded' | NotReencrypted

const FIELDS: ReadonlySet<string> = new Set<keyof ReencryptOptions>(['dryRun'])

/**
 * Checks the options of {@link GenericRedisCache.reencrypt}.
 *
 * @throws ValidationError (`INVALID_ARGUMENT`)
 */
export function isDryRun(options: ReencryptOptions): boolean {
  assertKnownFields(options, FIELDS, 'options')
  return flagArgument('dryRun', options.dryRun)
}

/** The values that are read and written at the same time. Each may have several megabytes. */
const MOST_IN_FLIGHT = 16
/** Time in addition to the time limit of a command, in milliseconds. Large values need it, and no caller waits. */
const PATIENCE = { extraMs: 5_000 }

/** Encrypts the values of a whole store with the primary key. */
export class Reencryption {
  readonly #parts: StoreParts
  readonly #metadata: KeyMetadata

  constructor(parts: StoreParts, metadata: KeyMetadata) {
    this.#parts = parts
    this.#metadata = metadata
  }

  /**
   * @throws ValidationError (`NOT_ENCRYPTED`) without the option `encryption`
   * @throws InfrastructureError whatever the error policy: a part of a store would look like a whole one
   */
  async run(dryRun: boolean): Promise<ReencryptionCounts> {
    if (!this.#parts.codec.encrypts) {
      const message = 'reencrypt must not be called: the cache was opened without encryption'
      throw new ValidationError(message, { code: 'NOT_ENCRYPTED' })
    }
    const counts = new Map<Outcome, number>()
    for await (const keys of this.#pages()) {
      await inChunks(keys, 1, MOST_IN_FLIGHT, async ([key = '']) => {
        const outcome = await this.#reencrypt(key, dryRun)
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
      })
    }
    const take = (outcome: Outcome): number => {
      const count = counts.get(outcome) ?? 0
      counts.delete(outcome)
      return count
    }
    return {
      reencrypted: take('reencrypted'),
      current: take('current'),
      unencrypted: take('unencrypted'),
      superseded: take('superseded'),
      unreadable: Object.fromEntries(counts),
    }
  }

  /** Lists the keys with a value of this cache, fresh or not, each once. */
  async *#pages(): AsyncIterable<string[]> {
    const listed = new Set<string>()
    for await (const page of scanStore(this.#parts, '*')) {
      const unlisted = [...new Set(page)].filter((key) => !listed.has(key))
      for (const key of unlisted) listed.add(key)
      const heads = await this.#metadata.peek(unlisted, Number.MAX_SAFE_INTEGER)
      // A value of the Python version has no generation.
      yield unlisted.filter((_key, index) => heads[index]?.generation !== undefined)
    }
  }

  async #reencrypt(key: string, dryRun: boolean): Promise<Outcome> {
    const { codec, keyspace, masters, run } = this.#parts
    const { name, place } = keyspace.named(key)
    // Unlike GET, MGET does not fail for another type.
    const replies = await run((client) => client.mgetBuffer(name), name, PATIENCE)
    if (!Array.isArray(replies)) throw malformedReply('it must be a list of values')
    const [bytes] = replies
    if (!Buffer.isBuffer(bytes) || classify(place, bytes) !== 'value') return 'superseded'
    const replacement = codec.reencrypt(place, bytes)
    if (typeof replacement === 'string') return replacement
    if (dryRun) return 'reencrypted'
    const isReplaced = await run(
      (client) => masters.of(name).commands.replaceIfUnchanged(client, name, bytes, replacement),
      name,
      PATIENCE,
    )
    return isReplaced ? 'reencrypted' : 'superseded'
  }
}
