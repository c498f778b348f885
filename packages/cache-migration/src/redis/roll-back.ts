import type { Clock } from '@verbatim/cache-core'
import type { KeyRing } from '@verbatim/cache-redis'
import { explain, Failures, nameOf } from '../failures.js'
import { assertNotInterrupted } from '../file/atomic-file.js'
import { withLock } from '../file/lock.js'
import { decodeRecords } from '../file/records.js'
import { type OnProgress, ProgressCounter } from '../progress.js'
import type { RollbackResult } from '../results.js'
import { assertTarget, JournalReader, type JournalStep } from './journal-reader.js'
import { groupByMaster, recordsAt } from './record-writer.js'
import { type RedisKeyspace, withoutArguments } from './redis-keyspace.js'
import { ROLLBACK_SCRIPT } from './scripts.js'

/** The checked options of a rollback. */
export interface RollbackSettings {
  readonly clock: Clock
  readonly keys: KeyRing | undefined
  readonly onProgress: OnProgress | undefined
  readonly signal: AbortSignal | undefined
}

/**
 * Restores the states of keys before a run, where a key is still as the run left it. It can be interrupted
 * and repeated at any time.
 */
export async function rollBack(
  journal: string,
  target: RedisKeyspace,
  { clock, keys, onProgress, signal }: RollbackSettings,
): Promise<RollbackResult> {
  const startedAt = clock.now()
  const outcome = { restored: 0, unchanged: 0, changed: new Failures(), failed: new Failures() }
  const progress = new ProgressCounter(onProgress)
  const errors: string[] = []
  try {
    await target.connect()
    await withLock(journal, async () => {
      await using reader = await JournalReader.open({ path: journal, keys })
      // Reads the whole journal before the first write.
      const groups = await reader.survey()
      const { run } = reader
      // A journal that ends in its header has no steps.
      if (run === undefined) return
      assertTarget(run, await target.identities())
      progress.total = groups.reduce((sum, { keys: count }) => sum + count, 0)
      // A later step of a key has the state that an earlier one left.
      for (const group of groups.toReversed()) {
        assertNotInterrupted(signal)
        await rollBackStep(target, await reader.read(group), run.conflict, outcome)
        progress.add(group.keys)
      }
    })
    if (outcome.changed.count > 0) {
      errors.push(
        `Rollback incomplete: others have changed ${outcome.changed.count} keys since the run`,
      )
    }
    if (outcome.failed.count > 0) {
      errors.push(`Rollback incomplete: ${outcome.failed.count} keys could not be written`)
    }
  } catch (error) {
    errors.push(`Rollback failed: ${explain(error)}`)
  }
  return {
    success: errors.length === 0,
    journal,
    keysRestored: outcome.restored,
    keysUnchanged: outcome.unchanged,
    keysChangedByOthers: outcome.changed.count,
    keysFailed: outcome.failed.count,
    rollbackTime: (clock.now() - startedAt) / 1_000,
    errors: [...errors, ...outcome.changed.list(), ...outcome.failed.list()],
  }
}

interface Outcome {
  restored: number
  unchanged: number
  readonly changed: Failures
  readonly failed: Failures
}

async function rollBackStep(
  target: RedisKeyspace,
  { records, before }: JournalStep,
  conflict: string,
  outcome: Outcome,
): Promise<void> {
  for (const { master, records: some, positions } of groupByMaster(target, records)) {
    const own = recordsAt(before, positions)
    const args = [some, own, conflict]
    const reply = await target.run(master, 'EVAL', ROLLBACK_SCRIPT, 0, ...args)
    const [text, reason] = reply as readonly unknown[]
    const letters = String(text)
    for (const [at, { key }] of [...decodeRecords(some)].entries()) {
      if (letters[at] === 'r') outcome.restored++
      else if (letters[at] === 'b') outcome.unchanged++
      else if (letters[at] === 'c') outcome.changed.addReason(nameOf(key), 'changed since the run')
      else outcome.failed.addReason(nameOf(key), withoutArguments(String(reason)))
    }
  }
}
