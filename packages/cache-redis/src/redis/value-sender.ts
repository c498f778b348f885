import type { TagVersion } from '../codec/stored-line.js'
import { groupBySlot } from '../connection/cluster-slots.js'
import { writtenTooLate } from '../connection/connection-errors.js'
import type { KeyOperation } from '../operations-in-flight.js'
import { PAGE, type StoreParts } from './store-parts.js'
import type { ValueBatch } from './value-batch.js'
import type { Encoded, NamedValue, ValueCommands } from './value-commands.js'

/**
 * The outcome of a write: Redis stored the value, something newer superseded it, or Redis was
 * unavailable.
 */
export type WriteOutcome = 'stored' | 'superseded' | 'unavailable'

/** A value, and the state of its key that the write replaces. */
export interface ValueToSend {
  readonly encoded: Encoded
  readonly tags: readonly TagVersion[]
  /** The revision that the key must hold; `undefined` for any. */
  readonly expectedRevision: string | undefined
  /** The only generation under which the value is valid; empty or absent for any. */
  readonly generation?: string
}

/** Time that each entry of a batch adds to that of its command, in milliseconds. */
const MS_PER_ENTRY = 2

/**
 * Sends values to Redis. Each carries a deadline on the server's clock, so that a write which timed out
 * here does not take effect there later, and the current generation of the prefix.
 */
export class ValueSender {
  readonly #parts: Pick<StoreParts, 'client' | 'generations' | 'keyspace'>
  readonly #commands: ValueCommands
  readonly #batch: ValueBatch

  constructor(
    parts: Pick<StoreParts, 'client' | 'generations' | 'keyspace'>,
    commands: ValueCommands,
    batch: ValueBatch,
  ) {
    this.#parts = parts
    this.#commands = commands
    this.#batch = batch
  }

  /**
   * Sends a value under the current generation, and again if the generation was raised unnoticed. Values
   * that replace whatever their keys hold leave together at the end of their turn.
   *
   * @throws InfrastructureError when Redis is unavailable, refuses, or received the write too late
   */
  async send(write: KeyOperation, value: ValueToSend): Promise<'stored' | 'superseded'> {
    const { generations, keyspace } = this.#parts
    const { encoded, tags, expectedRevision } = value
    const named = { name: keyspace.nameOf(write.key), place: encoded.place }
    const known = generations.lastKnown(named.name) || (await generations.current(named.name))
    // A value that was loaded before the generation was raised is void.
    const isVoidUnder = (generation: string): boolean =>
      Boolean(value.generation) && value.generation !== generation
    if (isVoidUnder(known)) return 'superseded'
    const isWanted = (): boolean => !write.isSuperseded
    const first: NamedValue = { named, encoded, tags, generation: known, isWanted }
    const sent =
      expectedRevision === undefined
        ? this.#batch.send(first)
        : this.#commands.send(first, expectedRevision)
    const current = generations.current(named.name)
    if (typeof current !== 'string') current.catch(() => undefined)
    const outcome = outcomeOf(await sent)
    if (outcome !== 'stored') return outcome
    const generation = typeof current === 'string' ? current : await current
    if (generation === known) return outcome
    if (isVoidUnder(generation)) return 'superseded'
    // The key holds this value now, but it is void.
    return outcomeOf(await this.#commands.send({ ...first, generation }, encoded.revision))
  }

  /**
   * Sends many values over whatever their keys hold. Leaves out the values that a later change supersedes
   * before they are sent; their operations say so.
   *
   * @throws InfrastructureError when Redis is unavailable, refuses, or received a write too late
   */
  async sendMany(
    writes: readonly KeyOperation[],
    encoded: readonly Encoded[],
    tags: readonly TagVersion[],
  ): Promise<'stored'> {
    const { client, keyspace } = this.#parts
    const names = writes.map(({ key }) => keyspace.nameOf(key))
    await Promise.all(
      groupBySlot(client, names, PAGE).map((group) =>
        this.#sendGroup(
          group.map((index) => {
            const write = writes[index] as KeyOperation
            const each = encoded[index] as Encoded
            const named = { name: names[index] as string, place: each.place }
            const isWanted = (): boolean => !write.isSuperseded
            return { named, encoded: each, tags, generation: '', isWanted }
          }),
        ),
      ),
    )
    return 'stored'
  }

  async #sendGroup(values: readonly NamedValue[]): Promise<void> {
    const { generations } = this.#parts
    const { name } = (values[0] as NamedValue).named
    const known = generations.lastKnown(name) || (await generations.current(name))
    const sent = this.#commands.sendTogether(under(known, values), MS_PER_ENTRY)
    const current = generations.current(name)
    if (typeof current !== 'string') current.catch(() => undefined)
    if ((await sent) === 'late') throw writtenTooLate()
    const generation = await current
    if (generation === known) return
    for (const value of under(generation, values)) {
      outcomeOf(await this.#commands.send(value, value.encoded.revision))
    }
  }
}

function under(generation: string, values: readonly NamedValue[]): NamedValue[] {
  return values.map((value) => ({ ...value, generation }))
}

/** @throws InfrastructureError (`BACKEND_TIMEOUT`) when the server received the write too late */
function outcomeOf(written: boolean | 'late'): 'stored' | 'superseded' {
  if (written === 'late') throw writtenTooLate()
  return written ? 'stored' : 'superseded'
}
