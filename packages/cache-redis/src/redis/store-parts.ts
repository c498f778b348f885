import type { Redis } from 'ioredis'
import type { ValueCodec } from '../codec/value-codec.js'
import type { RedisClient } from '../connection/clients.js'
import type { RunCommands } from '../connection/redis-connection.js'
import type { Counters } from '../stats.js'
import type { ErrorPolicy } from './error-policy.js'
import type { Generations } from './generations.js'
import type { Keyspace, Revisions } from './keyspace.js'
import type { Masters } from './masters.js'
import type { PendingInvalidations } from './pending-invalidations.js'
import type { ReadBatch } from './read-batch.js'
import type { TagVersions } from './tag-versions.js'

/** The parts that reads and writes of Redis share. */
export interface StoreParts {
  readonly client: RedisClient
  readonly run: RunCommands
  /** The reads of single keys in the current turn of the event loop. */
  readonly readBatch: ReadBatch
  /** Returns the masters that there are, healthy or not. */
  readonly allMasters: () => readonly Redis[]
  readonly codec: ValueCodec
  readonly keyspace: Keyspace
  readonly masters: Masters
  readonly generations: Generations
  readonly tags: TagVersions
  readonly pending: PendingInvalidations
  readonly errors: ErrorPolicy
  readonly revisions: Revisions
  readonly counters: Counters
  /** The time limit of a command, in milliseconds. */
  readonly commandTimeoutMs: number
  /** Whether this process sends no command that writes. */
  readonly readOnly: boolean
}

/** The most keys that one command names. */
export const PAGE = 500

/** Time that each key of a batch adds to that of its command, in milliseconds. */
const MS_PER_KEY = 1

/** Returns the extra time of a command. With one key there is none: such calls time out in order. */
export function extraTimeFor(keys: number): { readonly extraMs: number } | undefined {
  return keys === 1 ? undefined : { extraMs: keys * MS_PER_KEY }
}
