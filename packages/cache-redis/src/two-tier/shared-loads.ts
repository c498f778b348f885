import type { Flight, LookupResult, SingleFlight } from '@verbatim/cache-core/implement'
import type { TagVersion } from '../codec/stored-line.js'
import type { RedisStore } from '../redis/redis-store.js'
import type { ExpectedState } from '../redis/writes.js'
import type { KeyWaiters } from '../waiters.js'
import { ABSENT_STATE, generationIn, type KeyState, revisionIn } from './key-state.js'
import { LoadLeases, type LookUp } from './load-leases.js'

/** Tag versions that are taken before a load stay in Redis for so long, in milliseconds. */
const TAG_VERSIONS_MS = 86_400_000

/** Guards loads where several processes share the keys: leases before a load, and what it may overwrite. */
export class SharedLoads {
  readonly #redis: Pick<RedisStore, 'tags' | 'writes'>
  readonly #flights: Pick<SingleFlight, 'fence'>
  readonly #leases: LoadLeases
  /** The versions that the tags of each load in flight had before it began. */
  readonly #tagVersions = new Map<Flight, readonly TagVersion[]>()

  constructor(
    redis: Pick<RedisStore, 'tags' | 'writes'>,
    flights: Pick<SingleFlight, 'fence'>,
    waiters: KeyWaiters,
  ) {
    this.#redis = redis
    this.#flights = flights
    this.#leases = new LoadLeases(redis.writes, waiters)
  }

  /** Remembers a lease that Redis granted to this process. */
  granted(state: KeyState): void {
    this.#leases.grant(state)
  }

  /** Ends the lease of a load that does not begin. */
  release(key: string, state: KeyState): void {
    this.#leases.release(key, state)
  }

  /**
   * Waits while another process loads the key, and takes the versions of the load's tags.
   *
   * @returns what the other process stored; `undefined` when this process is to load
   */
  beforeLoad(flight: Flight, lookUp: LookUp): Promise<LookupResult | undefined> | undefined {
    const turn = this.#leases.beforeLoad(flight, lookUp)
    return flight.tags.length === 0 ? turn : this.#beforeTaggedLoad(flight, turn)
  }

  /**
   * Returns the state that the key must still have when the loaded value is stored.
   *
   * @returns `undefined` if Redis was unavailable before the load, or granted no lease
   */
  expectedState(flight: Flight): ExpectedState | undefined {
    const { expectedRevision: state } = flight
    const tags = flight.tags.length === 0 ? [] : this.#tagVersions.get(flight)
    if (state === undefined || state === ABSENT_STATE || tags === undefined) return undefined
    return { revision: revisionIn(state), generation: generationIn(state), tags }
  }

  /** Extends the TTL of the tag versions to that of the value that carries them. */
  async extendTags(flight: Flight, retentionMs: number): Promise<void> {
    if (flight.tags.length === 0 || retentionMs <= TAG_VERSIONS_MS) return
    await this.#redis.writes.takeTagVersions(flight.tags, retentionMs)
  }

  /** Forgets the lease of a load whose value was stored. */
  stored({ expectedRevision: state }: Flight): void {
    if (state !== undefined) this.#leases.fulfil(state)
  }

  /** Redis has sent an invalidation of a tag's version. The version may only have a new TTL. */
  tagInvalidated(tag: string): Promise<void> {
    return this.#fenceOutdated((flight) => flight.tags.includes(tag))
  }

  /**
   * Checks that the tags of a key's load in flight still have the versions from before it. So no caller
   * joins a load from before an invalidation whose message is late or lost.
   */
  beforeJoining(key: string): Promise<void> | undefined {
    return this.#tagVersions.size > 0
      ? this.#fenceOutdated((flight) => flight.key === key)
      : undefined
  }

  async #fenceOutdated(matches: (flight: Flight) => boolean): Promise<void> {
    for (const [flight, versions] of [...this.#tagVersions]) {
      if (flight.fenced || !matches(flight)) continue
      if (!(await this.#areCurrent(versions)) && !flight.fenced) this.#flights.fence(flight.key)
    }
  }

  async #beforeTaggedLoad(
    flight: Flight,
    turn: Promise<LookupResult | undefined> | undefined,
  ): Promise<LookupResult | undefined> {
    const found = await turn
    if (found !== undefined && found.freshMs >= 0) return found
    const versions = await this.#redis.writes.takeTagVersions(flight.tags, TAG_VERSIONS_MS)
    if (versions === 'unavailable') return found
    this.#tagVersions.set(flight, versions)
    const end = (): void => {
      this.#tagVersions.delete(flight)
    }
    flight.result.then(end, end)
    return found
  }

  async #areCurrent(versions: readonly TagVersion[]): Promise<boolean> {
    try {
      const [areCurrent = false] = await this.#redis.tags.areCurrent([versions])
      return areCurrent
    } catch {
      return false
    }
  }
}
