import { setImmediate } from 'node:timers/promises'
import { ManualClock, type Ttl } from '@verbatim/cache-core'
import fc from 'fast-check'
import { InMemoryCache, type InMemoryCacheSnapshot } from '../../src/index.js'
import { FAILED, PlainCache } from './plain-cache.js'

export const MAX_SIZE = 5
const KEYS = Array.from({ length: 8 }, (_, index) => `${index < 4 ? 'a' : 'b'}${index % 4}`)
const PATTERNS: Readonly<Record<string, (key: string) => boolean>> = {
  'a*': (key) => key.startsWith('a'),
  '?3': (key) => key.endsWith('3'),
  'b[12]': (key) => /^b[12]$/.test(key),
  'none*': () => false,
}

/** A cache and the model that it must agree with. A restored cache is a new one with a clock of its own. */
export interface Pair {
  cache: InMemoryCache
  model: PlainCache
  clock: ManualClock
}

export function newPair(): Pair {
  const clock = new ManualClock()
  return {
    cache: new InMemoryCache({ maxSize: MAX_SIZE, clock }),
    model: new PlainCache(MAX_SIZE, clock),
    clock,
  }
}

const KEY = fc.constantFrom(...KEYS)
const SOME_KEYS = fc.array(KEY, { maxLength: 4 })
const TTL = fc.constantFrom<Ttl | undefined>(
  undefined,
  null,
  0.005,
  '1ms',
  '5ms',
  '20ms',
  '50ms',
  1,
)
const TAGS = fc.constantFrom<string[] | undefined>(undefined, undefined, ['x'], ['y'], ['y', 'x'])
/** Shorter than {@link TTL}, so that more loaded values become stale. */
const LOADED_TTL = fc.constantFrom<Ttl | undefined>('1ms', '5ms', '10ms', '10ms', '20ms', null)
const DOWNTIME = fc.integer({ min: 0, max: 40 })
const GRACE_MS = fc.constantFrom(0, 40, 5_000)

const COMMANDS = {
  set: [6, fc.record({ key: KEY, ttl: TTL, tags: TAGS })],
  setMany: [2, fc.record({ keys: SOME_KEYS, ttl: TTL, tags: TAGS })],
  get: [4, fc.record({ key: KEY })],
  getMany: [2, fc.record({ keys: SOME_KEYS })],
  getOrSet: [
    16,
    fc.record({
      key: KEY,
      ttl: LOADED_TTL,
      tags: TAGS,
      revalidateMs: GRACE_MS,
      ifErrorMs: GRACE_MS,
      fails: fc.constantFrom(false, false, true),
    }),
  ],
  delete: [2, fc.record({ key: KEY })],
  deleteMany: [1, fc.record({ keys: SOME_KEYS })],
  exists: [2, fc.record({ key: KEY })],
  getTtl: [2, fc.record({ key: KEY })],
  peek: [2, fc.record({ key: KEY })],
  invalidatePattern: [1, fc.record({ pattern: fc.constantFrom(...Object.keys(PATTERNS)) })],
  invalidateTags: [2, fc.record({ tags: fc.subarray(['x', 'y', 'z']) })],
  advance: [8, fc.record({ milliseconds: fc.integer({ min: 1, max: 30 }) })],
  // Long enough for the pause after a failed load.
  wait: [1, fc.record({ milliseconds: fc.integer({ min: 900, max: 2_100 }) })],
  restore: [1, fc.record({ downtimeMs: DOWNTIME })],
  clear: [1, fc.record({})],
  size: [1, fc.record({})],
} as const

type Kinds = typeof COMMANDS
type Details<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never
export type Command = {
  [Kind in keyof Kinds]: { readonly kind: Kind } & Details<Kinds[Kind][1]>
}[keyof Kinds]

export const COMMAND = fc.oneof(
  ...Object.entries(COMMANDS).map(([kind, [weight, arbitrary]]) => ({
    weight,
    arbitrary: (arbitrary as fc.Arbitrary<object>).map((details) =>
      Object.assign(details, { kind }),
    ),
  })),
) as fc.Arbitrary<Command>

/** Returns whether a command may remove an expired entry without counting an expiration. */
export function mayForget(command: Command, key: string): boolean {
  if (command.kind === 'set') return command.key === key
  if (command.kind === 'setMany') return command.keys.includes(key)
  return command.kind === 'invalidateTags'
}

/** Runs a command on the cache and the model. Returns the results of both. */
export async function run(
  command: Command,
  value: number,
  pair: Pair,
): Promise<{ cache: unknown; model: unknown }> {
  const { cache, model, clock } = pair
  switch (command.kind) {
    case 'set': {
      const { key, ttl, tags } = command
      await cache.set(key, value, tags === undefined ? ttl : { ttl, tags })
      return { cache: undefined, model: model.set(key, value, command) }
    }
    case 'setMany': {
      const { keys, ttl, tags } = command
      await cache.setMany(
        keys.map((key, index) => [key, value + index / 8] as const),
        { ttl, tags },
      )
      for (const [index, key] of keys.entries()) model.set(key, value + index / 8, command)
      return { cache: undefined, model: undefined }
    }
    case 'getOrSet':
      return runLoad(command, value, pair)
    case 'getMany':
      return { cache: await cache.getMany(command.keys), model: model.getMany(command.keys) }
    case 'deleteMany': {
      const { keys } = command
      return {
        cache: await cache.deleteMany(keys),
        model: model.deleteWhere((key) => keys.includes(key)),
      }
    }
    case 'invalidatePattern': {
      const { pattern } = command
      return {
        cache: await cache.invalidatePattern(pattern),
        model: model.deleteWhere((key) => PATTERNS[pattern]?.(key) === true),
      }
    }
    case 'invalidateTags': {
      const { tags } = command
      await cache.invalidateTags(tags)
      model.deleteWhere((_key, carried) => carried.some((tag) => tags.includes(tag)))
      return { cache: undefined, model: undefined }
    }
    case 'clear':
      return { cache: await cache.clear(), model: model.deleteWhere(() => true) }
    case 'size':
      return { cache: cache.size(), model: model.fresh().length }
    case 'advance':
    case 'wait':
      clock.advance(command.milliseconds)
      return { cache: undefined, model: undefined }
    case 'restore': {
      const written = JSON.stringify(cache.snapshot())
      await cache.close()
      pair.clock = new ManualClock(clock.wallTime() + command.downtimeMs)
      pair.model = model.restored(pair.clock)
      pair.cache = new InMemoryCache({ maxSize: MAX_SIZE, clock: pair.clock })
      const restored = pair.cache.restore(JSON.parse(written) as InMemoryCacheSnapshot)
      return { cache: restored, model: pair.model.retained().length }
    }
    default: {
      const { kind, key } = command
      return { cache: await cache[kind](key), model: model[kind](key) }
    }
  }
}

async function runLoad(
  command: Extract<Command, { kind: 'getOrSet' }>,
  value: number,
  { cache, model }: Pair,
): Promise<{ cache: unknown; model: unknown }> {
  const { key, ttl, tags, revalidateMs, ifErrorMs, fails } = command
  const loader = async (): Promise<number> => {
    if (fails) throw new Error(FAILED)
    return value
  }
  const answer = await cache
    .getOrSet(key, loader, {
      ttl,
      tags,
      staleWhileRevalidate: revalidateMs === 0 ? undefined : `${revalidateMs}ms`,
      staleIfError: ifErrorMs === 0 ? undefined : `${ifErrorMs}ms`,
    })
    .catch((error: unknown) => (error as Error).message)
  // Waits for the end of a load in the background.
  await setImmediate()
  return { cache: answer, model: model.getOrSet(key, command, fails ? undefined : value) }
}
