import type { Flight } from '@verbatim/cache-core/implement'
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

  /** Whether any is under way. */
  get any(): boolean {
    return this.#versions.size > 0
  }

  /** `undefined` when nobody knows. */
  versionsOf(flight: Flight): readonly TagVersion[] | undefined {
    return flight.tags.length === 0 ? [] : this.#versions.get(flight)
  }

  /** Returns the loads under way that match and may be stored, and the versions of their tags. */
  underWay(matches: (flight: Flight) => boolean): (readonly [Flight, readonly TagVersion[]])[] {
    return [...this.#versions].filter(([flight]) => !flight.fenced && matches(flight))
  }
}
