import { InfrastructureError } from '@verbatim/cache-core'
import type { Collection, Turn } from '../connection/turn.js'
import type { StoreParts } from './store-parts.js'
import type { NamedValue, ValueCommands } from './value-commands.js'

/** A write that waits for the end of the turn, or for its reply. */
interface Writer {
  readonly value: NamedValue
  readonly resolve: (written: boolean | 'late') => void
  readonly reject: (error: unknown) => void
}

/** The most values and the most bytes of one command. Its server and its callers wait for each other. */
const MAX_VALUES = 32
const MAX_BYTES = 64 * 1_024

/**
 * Stores the values of one turn of the event loop with one script call. For 64 callers, the throughput of
 * writes is 1.4 times that of one call for each.
 *
 * In a Cluster, and where scripts are denied, each value is sent alone.
 */
export class ValueBatch implements Collection {
  readonly #parts: Pick<StoreParts, 'client' | 'masters'>
  readonly #commands: ValueCommands
  readonly #turn: Turn
  #writers: Writer[] = []
  #bytes = 0

  constructor(parts: Pick<StoreParts, 'client' | 'masters'>, commands: ValueCommands, turn: Turn) {
    this.#parts = parts
    this.#commands = commands
    this.#turn = turn
  }

  /**
   * Stores a value over whatever its key holds.
   *
   * @returns false when the value was not wanted any more when its turn ended
   */
  send(value: NamedValue): Promise<boolean | 'late'> {
    const { length } = value.encoded
    const isAlone = this.#parts.client.isCluster || this.#parts.masters.scripting !== 'scripts'
    if (isAlone || length > MAX_BYTES) return this.#commands.send(value, undefined)
    if (this.#bytes + length > MAX_BYTES) this.#turn.flush()
    this.#turn.collect(this)
    return new Promise((resolve, reject) => {
      this.#writers.push({ value, resolve, reject })
      this.#bytes += length
      if (this.#writers.length === MAX_VALUES) this.#turn.flush()
    })
  }

  flush(): void {
    const writers = this.#writers
    this.#writers = []
    this.#bytes = 0
    if (writers.length === 1) this.#sendAlone(writers[0] as Writer)
    else void this.#sendTogether(writers)
  }

  async #sendTogether(writers: readonly Writer[]): Promise<void> {
    const values = writers.map(({ value }) => value)
    try {
      const stored = await this.#commands.sendTogether(values, 0)
      const isStored = new Set(stored === 'late' ? [] : stored)
      for (const { value, resolve } of writers) {
        resolve(stored === 'late' ? stored : isStored.has(value))
      }
    } catch (error) {
      const isRefused = error instanceof InfrastructureError && error.code === 'BACKEND_REFUSED'
      // Redis refuses all values because of a key that the user may not write. It has stored none.
      if (isRefused) for (const writer of writers) this.#sendAlone(writer)
      else for (const { reject } of writers) reject(error)
    }
  }

  #sendAlone({ value, resolve, reject }: Writer): void {
    this.#commands.send(value, undefined).then(resolve, reject)
  }
}
