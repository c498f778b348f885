import type { Clock } from '@verbatim/cache-core'
import type { KeyRing } from '@verbatim/cache-redis'
import { explain, Failures } from '../failures.js'
import { assertNotInterrupted } from '../file/atomic-file.js'
import { type BinaryRecord, decodeRecords } from '../file/records.js'
import { type OnProgress, ProgressCounter } from '../progress.js'
import type { RollbackResult } from '../results.js'
import { assertTargetOf, type JournalFile, type JournalStep, readSteps } from './journal.js'
import { encodeAll, groupByMaster } from './record-writer.js'
import type { RedisKeyspace } from './redis-keyspace.js'
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
    await assertTargetOf({ path: journal, keys }, await target.identities())
    // Reads the whole journal before the first write.
    const { retried, counts } = await surveyOf({ path: journal, keys })
    progress.total = counts.reduce((sum, count) => sum + count, 0)
    let steps = 0
    // The last state of a key that was retried is in its retry, which comes after its first step.
    for await (const step of readSteps({ path: journal, keys })) {
      assertNotInterrupted(signal)
      await rollBackStep(target, latestOf(step, retried), outcome)
      progress.add(counts[steps++] ?? 0)
    }
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
  { records, before }: Pick<JournalStep, 'records' | 'before'>,
  outcome: Outcome,
): Promise<void> {
  const states = [...decodeRecords(before)]
  for (const { master, records: some, positions } of groupByMaster(target, records)) {
    const own =
      positions === undefined
        ? before
        : encodeAll(positions.map((at) => states[at] as BinaryRecord))
    const reply = await target.run(master, 'EVAL', ROLLBACK_SCRIPT, 0, some, own)
    const [text, reason] = reply as readonly unknown[]
    const letters = String(text)
    for (const [at, { key }] of [...decodeRecords(some)].entries()) {
      if (letters[at] === 'r') outcome.restored++
      else if (letters[at] === 'b') outcome.unchanged++
      else if (letters[at] === 'c')
        outcome.changed.addReason(key.toString(), 'changed since the run')
      else outcome.failed.addReason(key.toString(), String(reason))
    }
  }
}

interface Survey {
  /** How often each key was retried. Only keys that others changed during the run are retried. */
  readonly retried: Map<string, number>
  /** Number of records in each step. */
  readonly counts: readonly number[]
}

async function surveyOf(journal: JournalFile): Promise<Survey> {
  const retried = new Map<string, number>()
  const counts: number[] = []
  for await (const { records, position } of readSteps(journal)) {
    const all = [...decodeRecords(records)]
    counts.push(all.length)
    if (!position.isRetry) continue
    for (const { key } of all) {
      const id = key.toString('latin1')
      retried.set(id, (retried.get(id) ?? 0) + 1)
    }
  }
  return { retried, counts }
}

/** Leaves out the keys of a step that a later step has again. */
function latestOf(
  step: JournalStep,
  retried: Map<string, number>,
): Pick<JournalStep, 'records' | 'before'> {
  if (retried.size === 0) return step
  const states = [...decodeRecords(step.before)]
  const all = [...decodeRecords(step.records)].map((record, at) => ({ record, state: states[at] }))
  const latest = all.filter(({ record }) => {
    const id = record.key.toString('latin1')
    const left = retried.get(id)
    if (left === undefined) return true
    // A retry reduces the count; the last retry is the latest step of the key.
    if (step.position.isRetry) retried.set(id, left - 1)
    return step.position.isRetry && left === 1
  })
  return {
    records: encodeAll(latest.map(({ record }) => record)),
    before: encodeAll(latest.map(({ state }) => state as BinaryRecord)),
  }
}
