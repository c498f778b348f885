import { countedName } from '../counted-name.js'
import { hasMoreCodePoints } from './code-points.js'

const RECENT = 10

/** Statistics of the keys that a generator made. Lengths are in UTF-16 units. */
export interface KeyGenerationStats {
  readonly totalKeysGenerated: number
  /** Absent before the first counted key, like every other mean and maximum here. */
  readonly averageGenerationTimeSeconds?: number
  readonly textSizeDistribution: {
    /** Up to `textHashThreshold` code points. */
    readonly small: number
    readonly large: number
    readonly averageSize?: number
    readonly maxSize?: number
  }
  /** Keys by operation. After the first hundred operations, all others are `'other'`. */
  readonly operationDistribution: Readonly<Record<string, number>>
  /** The last ten keys. */
  readonly recentPerformance: {
    readonly recentAverageTimeSeconds?: number
    readonly recentMeasurements: number
  }
  /** Whether the generator has a monitor. Without one nothing is counted. */
  readonly monitorAvailable: boolean
}

/** Counts generated keys in bounded memory. */
export class KeyGenerationCounts {
  readonly #textHashThreshold: number
  readonly #operations = new Map<string, number>()
  readonly #recent: number[] = []
  #keys = 0
  #milliseconds = 0
  #large = 0
  #units = 0
  #maxUnits = 0

  constructor(textHashThreshold: number) {
    this.#textHashThreshold = textHashThreshold
  }

  add(milliseconds: number, text: string, operation: string): void {
    this.#recent[this.#keys % RECENT] = milliseconds
    this.#keys++
    this.#milliseconds += milliseconds
    if (hasMoreCodePoints(text, this.#textHashThreshold)) this.#large++
    this.#units += text.length
    this.#maxUnits = Math.max(this.#maxUnits, text.length)
    const name = countedName(operation, this.#operations)
    this.#operations.set(name, (this.#operations.get(name) ?? 0) + 1)
  }

  stats(monitorAvailable: boolean): KeyGenerationStats {
    const isUsed = this.#keys > 0
    const recent = this.#recent.reduce((sum, milliseconds) => sum + milliseconds, 0)
    return {
      totalKeysGenerated: this.#keys,
      ...(isUsed && { averageGenerationTimeSeconds: this.#milliseconds / this.#keys / 1_000 }),
      textSizeDistribution: {
        small: this.#keys - this.#large,
        large: this.#large,
        ...(isUsed && { averageSize: this.#units / this.#keys, maxSize: this.#maxUnits }),
      },
      operationDistribution: Object.fromEntries(this.#operations),
      recentPerformance: {
        ...(isUsed && { recentAverageTimeSeconds: recent / this.#recent.length / 1_000 }),
        recentMeasurements: this.#recent.length,
      },
      monitorAvailable,
    }
  }
}
