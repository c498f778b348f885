import type { EventHub, SingleFlight } from '@verbatim/cache-core/implement'
import { isolatorFor } from '@verbatim/cache-memory/implement'
import { duplicateFor } from '../connection/clients.js'
import type { RedisCacheEvents } from '../events.js'
import { usesTls } from '../messages/describe-failure.js'
import { RedisMessages } from '../messages/redis-messages.js'
import type { ResolvedOptions } from '../options.js'
import { Keyspace } from '../redis/keyspace.js'
import { RedisStore } from '../redis/redis-store.js'
import type { Counters } from '../stats.js'
import { Tracking } from '../tracking/tracking.js'
import { KeyWaiters } from '../waiters.js'
import { Admission } from './admission.js'
import { MemoryTier, ServableEntries } from './memory-tier.js'
import { SharedLoads } from './shared-loads.js'
import { TwoTierStore } from './two-tier-store.js'

export interface WiringOptions extends ResolvedOptions {
  /** The time that a copy of a value in Redis may stay in memory by default, in milliseconds. */
  readonly memoryTtlMs: number
  readonly events: EventHub<RedisCacheEvents>
  readonly counters: Counters
  readonly flights: Pick<SingleFlight, 'fence'>
}

/**
 * Builds the parts of a two-tier store, and connects their events.
 *
 * A copy in memory is served while every invalidation is received. So it is what Redis holds, except for
 * the moment that a message takes.
 */
export function createTwoTierStore(options: WiringOptions): TwoTierStore {
  const { client, clock, enableL1Cache, flights, memoryTtlMs } = options
  const keyspace = new Keyspace(options.keyPrefix, options.usedDatabase)
  const hasTracking = client !== undefined && enableL1Cache
  const tracking = hasTracking ? createTracking(options, keyspace, client) : undefined
  const messages = client && createMessages(options, client)
  const redis =
    client && messages && new RedisStore({ ...options, client, keyspace, messages, tracking })
  const servable = new ServableEntries({
    isConnected: () => redis?.connected ?? false,
    isTracking: () => tracking?.isCurrent() ?? false,
    isDown: (key, isTagged) => redis?.isDown(key, isTagged) ?? true,
  })
  const memory = enableL1Cache ? new MemoryTier(options, servable) : undefined
  const admission = new Admission({ memory, tracking, clock, memoryTtlMs })
  const waiters = new KeyWaiters()
  const sharedLoads = redis && new SharedLoads(redis, flights, waiters)
  redis?.listen({
    onAvailability: (isConnected) => {
      servable.changed()
      if (isConnected) tracking?.follow(redis.masters())
    },
    onTopologyChange: () => tracking?.follow(redis.masters()),
  })
  if (redis && sharedLoads) {
    const parts = { admission, keyspace, sharedLoads, messages, redis, servable, waiters }
    connectTracking(tracking, { ...parts, events: options.events })
  }
  const isolator = isolatorFor(options.isolation)
  return new TwoTierStore({
    ...{ memory, redis, tracking, admission, sharedLoads, flights, isolator, clock },
    commandTimeoutMs: options.commandTimeoutMs,
  })
}

interface TrackedParts {
  readonly admission: Admission
  readonly events: EventHub<RedisCacheEvents>
  readonly keyspace: Keyspace
  readonly sharedLoads: SharedLoads
  readonly messages: RedisMessages | undefined
  readonly redis: RedisStore
  readonly servable: ServableEntries
  readonly waiters: KeyWaiters
}

function connectTracking(tracking: Tracking | undefined, parts: TrackedParts): void {
  const { admission, events, messages, redis, servable } = parts
  const forget = (): void => {
    redis.tags.forget()
    redis.generations.forget()
  }
  tracking?.listen({
    onInvalidated: (names) => {
      for (const name of names) invalidated(name, parts)
    },
    onMissed: () => {
      admission.missedInvalidations()
      forget()
    },
    onFlushed: () => {
      admission.clear()
      forget()
    },
    onUnresponsive: () => redis.probe(),
    onRefused: (code) => messages?.trackingRefused(code),
    onLive: (isLive) => {
      servable.changed()
      if (isLive) {
        redis.generations.refresh()
        messages?.trackingLive()
      }
      events.emit(isLive ? 'tracking_up' : 'tracking_down')
    },
  })
}

/** Redis has invalidated a name: a key, a record of the prefix, or the version of a tag. */
function invalidated(
  name: string,
  { admission, keyspace, sharedLoads, redis, waiters }: TrackedParts,
): void {
  const key = keyspace.keyOf(name)
  if (key !== undefined) {
    admission.invalidated(key)
    waiters.notify(key)
    return
  }
  if (keyspace.isRecord(name)) {
    // Another generation voids every value.
    if (redis.generations.invalidated(name)) admission.clear()
    return
  }
  const tag = keyspace.tagOf(name)
  if (tag === undefined) return
  redis.tags.invalidated(tag)
  admission.removeTagged([tag])
  void sharedLoads.tagInvalidated(tag)
}

function createTracking(
  { commandTimeoutMs }: WiringOptions,
  { prefix }: Keyspace,
  client: NonNullable<WiringOptions['client']>,
): Tracking {
  return new Tracking({
    ...{ prefix, commandTimeoutMs },
    connectTo: (master) => duplicateFor(master, commandTimeoutMs, client),
  })
}

function createMessages(
  options: WiringOptions,
  client: NonNullable<WiringOptions['client']>,
): RedisMessages {
  const { reporter, usedDatabase: database } = options
  return new RedisMessages({
    ...{ reporter, client },
    details: { ...options, database, tls: usesTls(client) },
  })
}
