import { delay, timers } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import type { RedisClient } from '../connection/clients.js'
import { malformedReply } from '../connection/connection-errors.js'
import { isErrorReply } from '../connection/error-replies.js'
import type { RunCommands } from '../connection/redis-connection.js'
import type { MaybePromise } from '../maybe-promise.js'
import type { Keyspace, RecordNames } from './keyspace.js'
import type { Masters } from './masters.js'
import type { RecentChanges } from './recent-changes.js'
import {
  generationLine,
  isEpoch,
  nextGeneration,
  type Remembered,
  readRecords,
  readTexts,
  runName,
  runsLine,
  wentBackInTime,
} from './records.js'
import type { KeyCommands } from './scripts/key-commands.js'

/** The number of reads of records that other processes change at the same time. */
const MAX_ATTEMPTS = 5
/** The time that a generation counts after it was read, without invalidations, in milliseconds. */
const READ_COUNTS_FOR_MS = 5
/** The longest wait before Redis is asked for a new epoch, in milliseconds. */
const MAX_EPOCH_DELAY_MS = 50

export interface GenerationsOptions {
  readonly run: RunCommands
  readonly keyspace: Keyspace
  readonly masters: Masters
  /** Returns whether this process receives every invalidation. */
  readonly isTracking: () => boolean
  /** Whether this process sends no command that writes. */
  readonly readOnly: boolean
  /** Learns when a node is asked for its epoch, and which epoch was seen. */
  readonly recent: Pick<RecentChanges, 'asksForEpoch' | 'sawEpoch'>
}

/** A generation that replaces another one. */
interface Replacement {
  readonly names: RecordNames
  /** The line of the generation that is replaced. */
  readonly line: string | null | undefined
  readonly next: string
  readonly commands: KeyCommands
}

/** The knowledge of this process about the records of one master. */
interface MasterRecords {
  readonly names: RecordNames
  remembered: Remembered
  /** Whether an invalidation would have announced another generation since it was read. */
  isCurrent: boolean
  pendingRead: Promise<string> | undefined
  /** When Redis was last asked for the generation. */
  readAt: number
  isEpochAsked: boolean
}

const NOTHING_REMEMBERED: Remembered = {
  generation: '',
  voided: undefined,
  epoch: 0,
  run: undefined,
}

/**
 * The generation of the prefix on each master: one word that values carry and readers compare.
 *
 * A raised generation makes every older value void in every process, without deleting anything. It is
 * raised when too many invalidations are pending to remember each, and when a server went back in time:
 * the values that it brought back may have been deleted or replaced since.
 *
 * To notice a server that went back in time, an epoch counts up in Redis while there are changes. A process
 * remembers the highest epoch it has seen, and compares before it uses a server again.
 */
export class Generations {
  readonly #options: GenerationsOptions
  /** By the name of the generation, because after a failover another node has the same names. */
  readonly #masters = new Map<string, MasterRecords>()
  /** The last generation on each node, in case its records move. */
  readonly #lastOn = new Map<string, string>()
  /** Counts invalidations: a reply from before one may be outdated. */
  #invalidations = 0

  constructor(options: GenerationsOptions) {
    this.#options = options
  }

  /**
   * Compares the records of a master with what this process remembers, before the master is used.
   *
   * @param runId - the id of the server process; `undefined` where it does not say
   * @returns whether the server went back in time; then every older value is void
   */
  async verify(
    node: string,
    master: Redis,
    commands: KeyCommands,
    runId: string | undefined,
  ): Promise<boolean> {
    const { keyspace, masters, readOnly } = this.#options
    const names = masters.recordsOn(node)
    if (names === undefined) return false
    const place = keyspace.placeOfReserved(names.generation)
    for (let attempt = 1; ; attempt++) {
      const [line, epoch, runs] = await readTexts(master, [
        names.generation,
        names.epoch,
        names.runs,
      ])
      const found = readRecords(place, [line, epoch, runs])
      const known = this.#masters.get(names.generation)?.remembered
      const isRewound = known !== undefined && wentBackInTime(known, found)
      let { generation } = found
      if (isRewound || generation === undefined) {
        const next = this.#after(found.generation)
        generation = await this.#tryToReplace(master, { names, line, next, commands })
        const isFromElsewhere = generation !== undefined && generation !== next
        if (isFromElsewhere && attempt < MAX_ATTEMPTS) continue
      }
      const run = runName(runId)
      if (run !== undefined && found.runs.current !== run && !readOnly) {
        const next = runsLine(place, found.runs, run, found.epoch)
        await commands.replaceRecord(master, names.runs, runs ?? '', next).catch(ignoreRefusal)
      }
      const isStillThere = isRewound && generation === undefined
      const voided = isStillThere ? found.generation : undefined
      this.#remember(node, names, { generation: generation ?? '', voided, epoch: found.epoch, run })
      return isRewound
    }
  }

  /**
   * Returns the generation of a name in Redis: at once while every invalidation is received. Otherwise
   * Redis is asked, once for all callers of some milliseconds.
   */
  current(name: string): MaybePromise<string> {
    const records = this.#of(name)
    if (records === undefined) return ''
    if (records.isCurrent && this.#options.isTracking()) return records.remembered.generation
    if (timers.now() - records.readAt < READ_COUNTS_FOR_MS) return records.remembered.generation
    records.pendingRead ??= this.#read(records)
    return records.pendingRead
  }

  /** Returns the generation of a name in Redis as it was last seen. */
  lastKnown(name: string): string {
    return this.#of(name)?.remembered.generation ?? ''
  }

  /** Asks for all generations in the background, so that the first reads need not. */
  refresh(): void {
    for (const records of this.#masters.values()) {
      records.pendingRead ??= this.#read(records)
      records.pendingRead.catch(() => undefined)
    }
  }

  /** Handles the invalidation of a record. Returns whether it is a generation. */
  invalidated(name: string): boolean {
    this.#invalidations++
    const records = this.#masters.get(name)
    if (records !== undefined) {
      expire(records)
      return true
    }
    for (const each of this.#masters.values()) {
      if (each.names.epoch === name) void this.#learnEpoch(each)
    }
    return false
  }

  /** Forgets what is current, because invalidations may have been missed. */
  forget(): void {
    this.#invalidations++
    for (const records of this.#masters.values()) expire(records)
  }

  /** Makes every value under the prefix void that a node holds. */
  async raise(node: string): Promise<void> {
    const { masters, run } = this.#options
    const names = masters.recordsOn(node)
    if (names === undefined) return
    const { generation } = names
    const [line] = await run((client) => readTexts(client, [generation]), generation)
    const next = this.#after(readRecords(this.#placeOf(names), [line]).generation)
    const { commands } = masters.of(generation)
    const replacement = { names, line, next, commands }
    // A generation that another process has set since does the same.
    const raised = await run((client) => this.#replace(client, replacement), generation)
    if (raised !== undefined) this.#learn(names, raised)
  }

  /** Begins another epoch on a node. */
  async advanceEpoch(node: string): Promise<void> {
    const { masters, run } = this.#options
    const names = masters.recordsOn(node)
    const records = names && this.#masters.get(names.generation)
    if (names === undefined || records === undefined) return
    const { commands } = masters.of(names.epoch)
    const reply = await run((client) => commands.advanceEpoch(client, names.epoch), names.epoch)
    const epoch = Number(reply)
    if (!Number.isSafeInteger(epoch)) throw malformedReply('it must be an integer')
    rememberEpoch(records, epoch)
  }

  #of(name: string): MasterRecords | undefined {
    const { masters } = this.#options
    const node = masters.nodeOf(name)
    const names = masters.recordsOn(node)
    if (names === undefined) return undefined
    // In a Cluster the slot of the records may have moved to another master.
    return this.#masters.get(names.generation) ?? this.#remember(node, names, NOTHING_REMEMBERED)
  }

  async #read(records: MasterRecords): Promise<string> {
    const { run, masters, isTracking } = this.#options
    const { names } = records
    const { generation } = names
    const invalidationsBefore = this.#invalidations
    const askedAt = timers.now()
    // A caller of a later turn asks again, because this reply may be from before its turn.
    timers.nextTick(() => {
      records.pendingRead = undefined
    })
    // Asks for the epoch too, which a process without tracking learns in no other way.
    const [line, epoch] = await run(
      (client) => readTexts(client, [generation, names.epoch]),
      generation,
    )
    if (typeof epoch === 'string' && isEpoch(epoch)) rememberEpoch(records, Number(epoch))
    let found = readRecords(this.#placeOf(names), [line]).generation
    // The record was flushed, evicted, or moved to another master; or Redis refused to replace it.
    if (found === undefined || found === records.remembered.voided) {
      const next = this.#after(found)
      const { commands } = masters.of(generation)
      const replacement = { names, line, next, commands }
      found = await run((client) => this.#tryToReplace(client, replacement), generation)
    }
    if (found === undefined) return ''
    this.#learn(names, found)
    records.readAt = askedAt
    records.isCurrent = isTracking() && this.#invalidations === invalidationsBefore
    return found
  }

  /** Asks for the epoch after a random delay: other processes may begin several epochs at once. */
  async #learnEpoch(records: MasterRecords): Promise<void> {
    if (records.isEpochAsked) return
    records.isEpochAsked = true
    await delay(Math.random() * MAX_EPOCH_DELAY_MS)
    records.isEpochAsked = false
    const { masters, run, recent } = this.#options
    const { epoch } = records.names
    const node = masters.nodeOf(epoch)
    recent.asksForEpoch(node)
    try {
      const [text] = await run((client) => readTexts(client, [epoch]), epoch)
      if (typeof text !== 'string' || !isEpoch(text)) return
      rememberEpoch(records, Number(text))
      recent.sawEpoch(node, Number(text))
    } catch {
      // The next invalidation, or the next connection, brings the epoch.
    }
  }

  /**
   * Sets the generation, if its line is as expected. Returns the generation after that.
   *
   * @throws ReplyError when Redis refuses
   */
  async #replace(
    client: RedisClient,
    { names, line, next, commands }: Replacement,
  ): Promise<string | undefined> {
    if (this.#options.readOnly) return undefined
    const place = this.#placeOf(names)
    const nextLine = generationLine(place, next)
    const current = await commands.replaceRecord(client, names.generation, line ?? '', nextLine)
    return readRecords(place, [current]).generation
  }

  /** Replaces the generation, or returns `undefined` if Redis refuses. Without one, every read is a miss. */
  #tryToReplace(client: RedisClient, replacement: Replacement): Promise<string | undefined> {
    return this.#replace(client, replacement).catch(ignoreRefusal)
  }

  /** Returns a generation that comes after all known ones. */
  #after(found?: string): string {
    return nextGeneration(found, ...this.#lastOn.values())
  }

  #learn(names: RecordNames, generation: string): void {
    const records = this.#masters.get(names.generation)
    if (records === undefined) return
    if (records.remembered.generation !== generation) records.isCurrent = false
    records.remembered = { ...records.remembered, generation, voided: undefined }
    this.#lastOn.set(this.#options.masters.nodeOf(names.generation), generation)
  }

  #remember(node: string, names: RecordNames, remembered: Remembered): MasterRecords {
    const records = {
      names,
      remembered,
      isCurrent: false,
      pendingRead: undefined,
      readAt: Number.NEGATIVE_INFINITY,
      isEpochAsked: false,
    }
    this.#masters.set(names.generation, records)
    if (remembered.generation !== '') this.#lastOn.set(node, remembered.generation)
    return records
  }

  #placeOf({ generation }: RecordNames): string {
    return this.#options.keyspace.placeOfReserved(generation)
  }
}

function expire(records: MasterRecords): void {
  records.isCurrent = false
  records.readAt = Number.NEGATIVE_INFINITY
}

function rememberEpoch(records: MasterRecords, epoch: number): void {
  const { remembered } = records
  if (epoch > remembered.epoch) records.remembered = { ...remembered, epoch }
}

/** Ignores a refusal: Redis is out of memory, or the user may only read. */
function ignoreRefusal(error: unknown): undefined {
  if (!isErrorReply(error)) throw error
}
