import { InfrastructureError } from '@verbatim/cache-core'
import calculateSlot from 'cluster-key-slot'
import type { Redis } from 'ioredis'
import { Failures, nameOf } from '../failures.js'
import { type BinaryRecord, decodeRecords, encodeAll, idOf, UNREADABLE } from '../file/records.js'
import type { Journal } from './journal.js'
import type { JournalStep } from './journal-reader.js'
import { readNames } from './read-keys.js'
import { type RedisKeyspace, withoutArguments } from './redis-keyspace.js'
import { ROLLBACK_SCRIPT, WRITE_SCRIPT } from './scripts.js'

/** Treatment of keys that the target already has; see `RestoreBackupOptions.conflict`. */
export type Conflict = 'skip' | 'replace' | 'newer'

/** Numbers of keys by outcome. */
export interface WriteCounts {
  written: number
  skipped: number
  expired: number
}

/** Options of a {@link RecordWriter}. */
export interface RecordWriterOptions {
  readonly target: RedisKeyspace
  readonly conflict: Conflict
  /** Gets the state of each key before it is written. */
  readonly journal: Journal | undefined
  /** Whether to write nothing, and only count what a run would do. */
  readonly dryRun: boolean
  /** Returns the records in a form that every version of Redis can read. */
  readonly toPortable?: ((records: Buffer) => Promise<Buffer>) | undefined
}

/** A key that other clients change all the time is given up after so many attempts. */
const MAX_ATTEMPTS = 10

const EMPTY = Buffer.alloc(0)

/** Writes records into a keyspace, and counts the outcomes. */
export class RecordWriter {
  readonly counts: WriteCounts = { written: 0, skipped: 0, expired: 0 }
  readonly failures: Failures = new Failures()
  readonly #options: RecordWriterOptions
  /** The place in the source after the latest chunk. */
  #at: unknown

  constructor(options: RecordWriterOptions) {
    this.#options = options
  }

  /**
   * Writes the records of a chunk. The states before are in the journal first.
   *
   * @param at - the place in the source after the chunk, for the journal
   * @throws InfrastructureError if the target fails or rejects all writes
   */
  async write(records: Buffer, at: unknown): Promise<void> {
    this.#at = at
    await this.#write(this.#readableOf(records), false)
  }

  /** Repeats the last step of an interrupted run. Some of its keys may be written already. */
  async repeat({ records, before, position }: JournalStep): Promise<void> {
    this.#at = position.at
    const { target } = this.#options
    const again: Buffer[] = []
    for (const { master, records: some, positions } of groupByMaster(target, records)) {
      const own = recordsAt(before, positions)
      const letters = await this.#send(master, some, own)
      again.push(await this.#changedByOthers(master, some, own, letters))
      again.push(await this.#portableOf(some, letters))
    }
    await this.#write(Buffer.concat(again), true)
  }

  /** Writes the failures since the last step to the journal, so that a resumed run knows them. */
  async recordFailures(): Promise<void> {
    const failed = this.failures.takeNew()
    if (failed === undefined) return
    const position = { at: this.#at, isRetry: false, failed }
    await this.#options.journal?.append({ records: EMPTY, before: EMPTY, position })
  }

  async #write(records: Buffer, isRetry: boolean): Promise<void> {
    let pending = records
    for (let attempt = 0; pending.length > 0; attempt++) {
      if (attempt > MAX_ATTEMPTS) {
        for (const { key } of decodeRecords(pending)) {
          this.#fail(key, 'other clients change the key all the time')
        }
        return
      }
      const steps = await this.#prepare(pending, isRetry || attempt > 0)
      const again: Buffer[] = []
      for (const { master, records: some, before } of steps) {
        const letters = await this.#send(master, some, before)
        const changed = [...decodeRecords(some)].filter((_record, place) => letters[place] === 'c')
        again.push(encodeAll(changed), await this.#portableOf(some, letters))
      }
      pending = Buffer.concat(again)
    }
  }

  /** Groups records by master, reads the states of their keys, and writes all to the journal. */
  async #prepare(
    records: Buffer,
    isRetry: boolean,
  ): Promise<{ readonly master: Redis; readonly records: Buffer; readonly before: Buffer }[]> {
    const { target, journal, dryRun } = this.#options
    const groups = groupByMaster(target, records)
    if (journal === undefined || dryRun) return groups.map((group) => ({ ...group, before: EMPTY }))
    const steps = await Promise.all(
      groups.map(async ({ master, records: some }) => {
        return { master, records: some, before: await readStates(target, master, some) }
      }),
    )
    await journal.append({
      records: Buffer.concat(steps.map((step) => step.records)),
      before: Buffer.concat(steps.map((step) => step.before)),
      position: { at: this.#at, isRetry, failed: this.failures.takeNew() },
    })
    return steps
  }

  /** Returns the records whose keys others have changed. Counts those that this run has written. */
  async #changedByOthers(
    master: Redis,
    records: Buffer,
    before: Buffer,
    letters: string,
  ): Promise<Buffer> {
    if (!/[cs]/.test(letters)) return EMPTY
    const { target, conflict } = this.#options
    const args = [records, before, conflict, 'check']
    const reply = await target.run(master, 'EVAL', ROLLBACK_SCRIPT, 0, ...args)
    const states = String((reply as readonly unknown[])[0])
    const others: BinaryRecord[] = []
    for (const [at, record] of [...decodeRecords(records)].entries()) {
      const letter = letters[at]
      if (letter !== 'c' && letter !== 's') continue
      const isOurs = states[at] === 'w'
      if (isOurs) this.counts.written++
      if (isOurs && letter === 's') this.counts.skipped--
      if (!isOurs && letter === 'c') others.push(record)
    }
    return encodeAll(others)
  }

  /** Returns one letter for each record; see the script. */
  async #send(master: Redis, records: Buffer, before: Buffer): Promise<string> {
    const { target, conflict, dryRun } = this.#options
    if (dryRun) return this.#pretend(master, records)
    const reply = await target.run(master, 'EVAL', WRITE_SCRIPT, 0, records, conflict, before)
    const [text, reason, halt] = reply as readonly (Buffer | null)[]
    const letters = String(text)
    this.#count(letters)
    if (letters.includes('e')) {
      for (const [at, { key }] of [...decodeRecords(records)].entries()) {
        if (letters[at] === 'e') this.#fail(key, withoutArguments(String(reason)))
      }
    }
    if (halt) throw rejectsWrites(String(halt))
    return letters
  }

  /** Returns the keys that the target could not read, as commands that every version has. */
  async #portableOf(records: Buffer, letters: string): Promise<Buffer> {
    if (!letters.includes('v')) return EMPTY
    const { toPortable } = this.#options
    const all = [...decodeRecords(records)].filter((_record, at) => letters[at] === 'v')
    const portable: Buffer[] = []
    for (const record of all) {
      if (toPortable === undefined) {
        this.#fail(record.key, 'a newer Redis wrote the backup; make it with the option portable')
      } else portable.push(await toPortable(encodeAll([record])))
    }
    // A key that the source no longer has is left out, as a key that was deleted before it was listed.
    return this.#readableOf(Buffer.concat(portable))
  }

  /** Counts what a write would do, without writing. */
  async #pretend(master: Redis, records: Buffer): Promise<string> {
    const { target, conflict } = this.#options
    const states = [...decodeRecords(await readStates(target, master, records))]
    const now = Date.now()
    const letters = [...decodeRecords(records)].map(({ key, expiresAt }, at) => {
      const old = states[at]
      if (expiresAt !== null && expiresAt <= now) return 'x'
      if (old?.kind === UNREADABLE) {
        this.#fail(key, withoutArguments(old.value.toString()))
        return 'e'
      }
      if (old === undefined || old.value.length === 0 || conflict === 'replace') return 'w'
      const isNewer = expiresAt !== null && old.expiresAt !== null && expiresAt > old.expiresAt
      return conflict === 'newer' && isNewer ? 'w' : 's'
    })
    this.#count(letters.join(''))
    return letters.join('')
  }

  #count(letters: string): void {
    for (const letter of letters) {
      if (letter === 'w') this.counts.written++
      else if (letter === 's') this.counts.skipped++
      else if (letter === 'x') this.counts.expired++
    }
  }

  /**
   * Removes the records of keys that the source could not read, and reports the keys. Of a key that Redis listed
   * twice, only the last record stays: with both, the journal would have no state before the run.
   */
  #readableOf(records: Buffer): Buffer {
    const all = [...decodeRecords(records)]
    const latest = new Map(all.map((record) => [idOf(record), record]))
    const readable = [...latest.values()].filter(({ kind }) => kind !== UNREADABLE)
    if (readable.length === all.length) return records
    for (const { kind, key, value } of latest.values()) {
      if (kind === UNREADABLE)
        this.#fail(key, `could not be read in the source: ${value.toString()}`)
    }
    return encodeAll(readable)
  }

  #fail(key: Buffer, reason: string): void {
    this.failures.addReason(nameOf(key), reason)
  }
}

/** Returns the error for a target that rejects every write, such as a replica. */
function rejectsWrites(problem: string): InfrastructureError {
  return problem.includes('OOM')
    ? new InfrastructureError('the target is out of memory', { code: 'OUT_OF_MEMORY' })
    : new InfrastructureError(`the target rejects writes: ${withoutArguments(problem)}`, {
        code: 'WRITES_REJECTED',
      })
}

/** Reads the state of the keys of some records, in the same order. */
async function readStates(target: RedisKeyspace, master: Redis, records: Buffer): Promise<Buffer> {
  const parts: Buffer[] = []
  let rest = namesOf(records)
  while (rest.length > 0) {
    const page = await readNames(target, master, rest, 'before')
    parts.push(page.records)
    ;({ rest } = page)
  }
  return Buffer.concat(parts)
}

/** Returns records with the names of other records and without values. */
export function namesOf(records: Buffer): Buffer {
  return encodeAll(Array.from(decodeRecords(records), (record) => ({ ...record, value: EMPTY })))
}

/** Returns the records at some positions; all of them without positions. */
export function recordsAt(records: Buffer, positions: readonly number[] | undefined): Buffer {
  if (positions === undefined) return records
  const all = [...decodeRecords(records)]
  return encodeAll(positions.map((at) => all[at] as BinaryRecord))
}

interface Group {
  readonly master: Redis
  readonly records: Buffer
  /** Positions of the records among all; `undefined` if all are in this group. */
  readonly positions?: readonly number[]
}

/** Groups records by the master that holds their keys. */
export function groupByMaster(keyspace: RedisKeyspace, records: Buffer): Group[] {
  if (records.length === 0) return []
  if (!keyspace.isCluster) return [{ master: keyspace.masterOf(0), records }]
  const groups = new Map<Redis, number[]>()
  const all = [...decodeRecords(records)]
  for (const [at, { key }] of all.entries()) {
    const master = keyspace.masterOf(calculateSlot(key))
    const group = groups.get(master)
    if (group === undefined) groups.set(master, [at])
    else group.push(at)
  }
  return Array.from(groups, ([master, positions]) => ({
    master,
    positions,
    records: encodeAll(positions.map((at) => all[at] as BinaryRecord)),
  }))
}
