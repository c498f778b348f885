import { delay, timers } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import { malformedReply } from '../connection/connection-errors.js'
import { isErrorReply } from '../connection/error-replies.js'
import type { RedisClient } from '../connection/redis-client.js'
import type { RunCommands } from '../connection/redis-connection.js'
import type { NowOrLater } from '../now-or-later.js'
import {
  generationLine,
  isEpoch,
  nextGeneration,
  type Remembered,
  readRecords,
  runName,
  runsLine,
  wentBackInTime,
} from './generation.js'
import type { Keyspace, RecordNames } from './keyspace.js'
import type { KnownMasters } from './known-masters.js'
import type { KeyPrograms } from './programs/key-programs.js'
import { readTexts } from './texts.js'

/** How often records are read again that other processes keep changing. */
const MOST_ATTEMPTS = 5
/** How long one look at the generation does where changes are not received, in milliseconds. */
const LOOK_LASTS_MS = 5
/** How long a message of another epoch may wait before Redis is asked for it, in milliseconds. */
const MOST_EPOCH_DELAY_MS = 50

export interface GenerationsOptions {
  readonly run: RunCommands
  readonly keyspace: Keyspace
  readonly known: KnownMasters
  /** Whether every change in Redis is received. */
  readonly isProven: () => boolean
  /** Whether this process may only read. */
  readonly readOnly: boolean
  /** A node is about to be asked for its epoch. */
  readonly asksForEpoch: (node: string) => void
  /** An epoch was seen on a node. */
  readonly sawEpoch: (node: string, epoch: number) => void
}

/** Another generation for the one that a line says. */
interface Replacement {
  readonly names: RecordNames
  readonly line: string | null | undefined
  readonly next: string
  readonly programs: KeyPrograms
}

/** What is known of the records of one master. */
interface MasterRecords {
  readonly names: RecordNames
  remembered: Remembered
  /** Whether no other generation can have been set since it was read. */
  isCurrent: boolean
  reading: Promise<string> | undefined
  /** When Redis was last asked for the generation. */
  readAt: number
  isEpochAsked: boolean
}

/**
 * The generation of the prefix, on each master: one word that values carry and readers compare.
 *
 * Raising it makes every value void that was stored before, in every process, without deleting
 * anything. That happens when too many invalidations are pending to remember each, and when a server
 * went back in time: what it brought back may have been deleted or replaced since.
 *
 * To notice the latter, an epoch counts up in Redis while there are changes. A process remembers the
 * highest one it has seen, and compares before it trusts a server again.
 */
export class Generations {
  readonly #options: GenerationsOptions
  /** By the name of the generation: after a failover another node has the same names. */
  readonly #masters = new Map<string, MasterRecords>()
  /** The last generation of each node, for when its records have moved. */
  readonly #lastOf = new Map<string, string>()
  /** Counts the changes received: an answer from before one may be outdated. */
  #received = 0

  constructor(options: GenerationsOptions) {
    this.#options = options
  }

  /**
   * Compares what a master remembers with what this process does, before the master is trusted.
   *
   * @param runId - of the server process; `undefined` where it does not say
   * @returns whether the server went back in time. Everything older is void then
   */
  async verify(
    node: string,
    master: Redis,
    programs: KeyPrograms,
    runId: string | undefined,
  ): Promise<boolean> {
    const names = this.#options.known.recordsOn(node)
    if (names === undefined) return false
    const place = this.#options.keyspace.placeOfReserved(names.generation)
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
        generation = await this.#tryToReplace(master, { names, line, next, programs })
        const isOthers = generation !== undefined && generation !== next
        if (isOthers && attempt < MOST_ATTEMPTS) continue
      }
      const run = runName(runId)
      if (run !== undefined && found.runs.current !== run && !this.#options.readOnly) {
        const next = runsLine(place, found.runs, run, found.epoch)
        await programs.replaceRecord(master, names.runs, runs ?? '', next).catch(ignoreRefusal)
      }
      const isStillThere = isRewound && generation === undefined
      const voided = isStillThere ? found.generation : undefined
      this.#remember(node, names, { generation: generation ?? '', voided, epoch: found.epoch, run })
      return isRewound
    }
  }

  /**
   * Returns the generation of a name in Redis: at once while every change is received. Otherwise Redis
   * is asked, once for all callers of some milliseconds.
   */
  current(name: string): NowOrLater<string> {
    const { isProven } = this.#options
    const records = this.#of(name)
    if (records === undefined) return ''
    if (records.isCurrent && isProven()) return records.remembered.generation
    if (timers.now() - records.readAt < LOOK_LASTS_MS) return records.remembered.generation
    records.reading ??= this.#read(records)
    return records.reading
  }

  /** Returns the generation of a name in Redis as it was last seen. */
  lastSeen(name: string): string {
    return this.#of(name)?.remembered.generation ?? ''
  }

  /** Asks for the generations in the background, so that the first reads need not. */
  refresh(): void {
    for (const records of this.#masters.values()) {
      records.reading ??= this.#read(records)
      records.reading.catch(() => undefined)
    }
  }

  /** A record may have changed. Returns whether it is a generation. */
  received(name: string): boolean {
    this.#received++
    const records = this.#masters.get(name)
    if (records !== undefined) {
      records.isCurrent = false
      records.readAt = Number.NEGATIVE_INFINITY
      return true
    }
    for (const each of this.#masters.values()) {
      if (each.names.epoch === name) void this.#learnEpoch(each)
    }
    return false
  }

  /** Anything may have changed without a message. */
  forget(): void {
    this.#received++
    for (const records of this.#masters.values()) {
      records.isCurrent = false
      records.readAt = Number.NEGATIVE_INFINITY
    }
  }

  /** Makes everything void that a node holds under the prefix. */
  async raise(node: string): Promise<void> {
    const { known, run } = this.#options
    const names = known.recordsOn(node)
    if (names === undefined) return
    const { generation } = names
    const [line] = await run((client) => readTexts(client, [generation]), generation)
    const next = this.#after(readRecords(this.#placeOf(names), [line]).generation)
    const { programs } = known.of(generation)
    const replacement = { names, line, next, programs }
    // A generation that another process has set since is as good.
    const raised = await run((client) => this.#replace(client, replacement), generation)
    if (raised !== undefined) this.#learn(names, raised)
  }

  /** Begins another epoch on a node. */
  async advanceEpoch(node: string): Promise<void> {
    const { known, run } = this.#options
    const names = known.recordsOn(node)
    const records = names && this.#masters.get(names.generation)
    if (names === undefined || records === undefined) return
    const { programs } = known.of(names.epoch)
    const reply = await run((client) => programs.advanceEpoch(client, names.epoch), names.epoch)
    const epoch = Number(reply)
    if (!Number.isSafeInteger(epoch)) throw malformedReply('it must be an integer')
    rememberEpoch(records, epoch)
  }

  #of(name: string): MasterRecords | undefined {
    const { known } = this.#options
    const node = known.nodeOf(name)
    const names = known.recordsOn(node)
    if (names === undefined) return undefined
    // In a cluster the slot of the records may have moved to another master.
    return this.#masters.get(names.generation) ?? this.#remember(node, names, NOTHING_REMEMBERED)
  }

  async #read(records: MasterRecords): Promise<string> {
    const { run, known, isProven } = this.#options
    const { names } = records
    const { generation } = names
    const receivedBefore = this.#received
    const askedAt = timers.now()
    // Callers of a later turn ask again: the answer may be from before they did.
    timers.nextTick(() => {
      records.reading = undefined
    })
    // With the epoch, which a process without tracking learns in no other way.
    const [line, epoch] = await run(
      (client) => readTexts(client, [generation, names.epoch]),
      generation,
    )
    if (typeof epoch === 'string' && isEpoch(epoch)) rememberEpoch(records, Number(epoch))
    let found = readRecords(this.#placeOf(names), [line]).generation
    // Flushed, evicted, or moved to another master; or it could not be replaced before.
    if (found === undefined || found === records.remembered.voided) {
      const next = this.#after(found)
      const { programs } = known.of(generation)
      const replacement = { names, line, next, programs }
      found = await run((client) => this.#tryToReplace(client, replacement), generation)
    }
    if (found === undefined) return ''
    this.#learn(names, found)
    records.readAt = askedAt
    records.isCurrent = isProven() && this.#received === receivedBefore
    return found
  }

  /** Epochs of many processes may follow each other fast: one look does for some of them. */
  async #learnEpoch(records: MasterRecords): Promise<void> {
    if (records.isEpochAsked) return
    records.isEpochAsked = true
    await delay(Math.random() * MOST_EPOCH_DELAY_MS)
    records.isEpochAsked = false
    const { known, run, asksForEpoch, sawEpoch } = this.#options
    const { epoch } = records.names
    const node = known.nodeOf(epoch)
    asksForEpoch(node)
    try {
      const [text] = await run((client) => readTexts(client, [epoch]), epoch)
      if (typeof text !== 'string' || !isEpoch(text)) return
      rememberEpoch(records, Number(text))
      sawEpoch(node, Number(text))
    } catch {
      // The next message, or the next connection, brings it.
    }
  }

  /**
   * Sets the generation, if its line is as expected. Returns the generation that there is then.
   *
   * @throws ReplyError when Redis refuses
   */
  async #replace(
    client: RedisClient,
    { names, line, next, programs }: Replacement,
  ): Promise<string | undefined> {
    if (this.#options.readOnly) return undefined
    const place = this.#placeOf(names)
    const nextLine = generationLine(place, next)
    const now = await programs.replaceRecord(client, names.generation, line ?? '', nextLine)
    return readRecords(place, [now]).generation
  }

  /** The same; returns `undefined` if Redis refuses. Without a generation there are only misses. */
  #tryToReplace(client: RedisClient, replacement: Replacement): Promise<string | undefined> {
    return this.#replace(client, replacement).catch(ignoreRefusal)
  }

  /** Returns a generation after all that are known. */
  #after(found?: string): string {
    return nextGeneration(found, ...this.#lastOf.values())
  }

  #learn(names: RecordNames, generation: string): void {
    const records = this.#masters.get(names.generation)
    if (records === undefined) return
    if (records.remembered.generation !== generation) records.isCurrent = false
    records.remembered = { ...records.remembered, generation, voided: undefined }
    this.#lastOf.set(this.#options.known.nodeOf(names.generation), generation)
  }

  #remember(node: string, names: RecordNames, remembered: Remembered): MasterRecords {
    const records = {
      names,
      remembered,
      isCurrent: false,
      reading: undefined,
      readAt: Number.NEGATIVE_INFINITY,
      isEpochAsked: false,
    }
    this.#masters.set(names.generation, records)
    if (remembered.generation !== '') this.#lastOf.set(node, remembered.generation)
    return records
  }

  #placeOf({ generation }: RecordNames): string {
    return this.#options.keyspace.placeOfReserved(generation)
  }
}

const NOTHING_REMEMBERED: Remembered = {
  generation: '',
  voided: undefined,
  epoch: 0,
  run: undefined,
}

function rememberEpoch(records: MasterRecords, epoch: number): void {
  const { remembered } = records
  if (epoch > remembered.epoch) records.remembered = { ...remembered, epoch }
}

/** Out of memory, or a user who may only read. */
function ignoreRefusal(error: unknown): undefined {
  if (!isErrorReply(error)) throw error
}
