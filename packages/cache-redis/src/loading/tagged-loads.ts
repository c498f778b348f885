import type { Flight } from '@verbatim/cache-core'
import type { TagVersion } from '../codec/stored-line.js'

/** Values held longer than this have their tags' lives looked after when they are stored. */
export const TAGS_TAKEN_FOR_MS = 86_400_000

/** Remembers which versions their tags had when loads began. */
export class TaggedLoads {
  readonly #versions = new Map<Flight, readonly TagVersion[]>()

  began(flight: Flight, versions: readonly TagVersion[]): void {
    this.#versions.set(flight, versions)
    const end = (): void => {
      this.#versions.delete(flight)
    }
    flight.result.then(end, end)
  }

  /** `undefined` when nobody knows. */
  versionsOf(flight: Flight): readonly TagVersion[] | undefined {
    return flight.tags.length === 0 ? [] : this.#versions.get(flight)
  }

  /** The loads under way whose value will carry the tag. */
  carrying(tag: string): (readonly [Flight, readonly TagVersion[]])[] {
    return [...this.#versions].filter(([flight]) => flight.tags.includes(tag))
  }
}
