import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { CacheError, ValidationError } from '@verbatim/cache-core'
import type { GenericRedisCache } from '@verbatim/cache-redis'
import { countOf } from './redis/read-keys.js'
import type { Conflict } from './redis/record-writer.js'
import { RedisKeyspace } from './redis/redis-keyspace.js'
import { isStandard } from './standard-streams.js'

/** The options of a command that decide whether it asks. */
export interface ConfirmOptions {
  readonly conflict: Conflict
  /** The path of the backup of a restore. */
  readonly file?: string
  readonly yes?: true
  readonly dryRun?: true
  readonly resume?: true
}

/**
 * Asks on a terminal before a command writes into a target that has keys. Without a terminal, a command that can
 * replace keys is rejected. One that only adds keys loses nothing, and continues. So does a resumed run, which was
 * confirmed before.
 *
 * @throws ValidationError if keys could be replaced and there is no terminal, CacheError (`NOT_CONFIRMED`) after
 * any answer but yes, and AbortError if the signal is aborted
 */
export async function confirmWrite(
  { conflict, file, yes, dryRun, resume }: ConfirmOptions,
  target: GenericRedisCache | RedisKeyspace,
  signal: AbortSignal,
): Promise<void> {
  if (yes || dryRun || resume) return
  // Standard input that carries a backup carries no answer.
  const readsInput = file !== undefined && isStandard(file)
  const canAsk = process.stdin.isTTY && process.stderr.isTTY && !readsInput
  const replaces = conflict !== 'skip'
  if (!canAsk && !replaces) return
  const keys = await countKeys(target)
  if (keys === 0) return
  const count = keys === undefined ? 'keys' : `${keys} keys`
  if (!canAsk) {
    throw new ValidationError(`--yes must be given to replace keys; the target has ${count}`)
  }
  const effect = replaces ? 'Keys of the same name are replaced.' : 'Keys of the same name stay.'
  if (await ask(`The target has ${count}. ${effect} Continue? (y/N) `, signal)) return
  throw new CacheError('nothing was written', { code: 'NOT_CONFIRMED' })
}

/** Returns whether the answer was yes. */
async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  // Without the mode for terminals, Ctrl-C stays a signal.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
  const noAnswer = once(lines, 'close').then(() => '')
  try {
    const answer = await Promise.race([lines.question(question, { signal }), noAnswer])
    return /^y(?:es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}

/** Returns the number of keys of a target; `undefined` if it has keys and they were not counted. */
async function countKeys(target: GenericRedisCache | RedisKeyspace): Promise<number | undefined> {
  if (target instanceof RedisKeyspace) {
    await target.connect()
    return countOf(target, '*')
  }
  const first = await target.scan()[Symbol.asyncIterator]().next()
  return first.done === true ? 0 : undefined
}
