import { ManualClock, type Ttl, toMilliseconds } from '@verbatim/cache-core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InMemoryCache } from '../src/index.js'

/** How many commands are run at the least. */
const COMMANDS = Number(process.env['MODEL_COMMANDS'] ?? 20_000)
/** Sequences are up to 200 commands long, and almost 100 on average. */
const SEQUENCES = COMMANDS / 50
const SEED = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31)

const MAX_SIZE = 8
const KEYS = Array.from({ length: 16 }, (_, index) => `${index < 8 ? 'a' : 'b'}${index % 8}`)
const PATTERNS: Readonly<Record<string, (key: string) => boolean>> = {
  'a*': (key) => key.startsWith('a'),
  '?3': (key) => key.endsWith('3'),
  'b[0-3]': (key) => /^b[0-3]$/.test(key),
  'none*': () => false,
}

/** What the cache should do, said as plainly as possible. The most recently used entry is last. */
class Model {
  readonly #clock: ManualClock
  readonly #entries = new Map<string, { value: number; expiresAt: number }>()
  hits = 0
  misses = 0
  evictions = 0
  expirations = 0

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  /** Forgets what has expired; called whenever time has passed. */
  expire(): void {
    for (const [key, { expiresAt }] of this.#entries) {
      if (expiresAt < this.#clock.now()) {
        this.#entries.delete(key)
        this.expirations++
      }
    }
  }

  get(key: string): number | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) {
      this.misses++
      return undefined
    }
    this.hits++
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: string, value: number, ttl: Ttl = 3_600): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, expiresAt: this.#clock.now() + toMilliseconds(ttl) })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > MAX_SIZE && oldest !== undefined) {
      this.#entries.delete(oldest)
      this.evictions++
    }
  }

  delete(key: string): boolean {
    return this.#entries.delete(key)
  }

  exists(key: string): boolean {
    return this.#entries.has(key)
  }

  getTtl(key: string): number | null | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    const left = (entry.expiresAt - this.#clock.now()) / 1_000
    return Number.isFinite(left) ? left : null
  }

  deleteAll(matches: (key: string) => boolean): number {
    const keys = [...this.#entries.keys()].filter(matches)
    for (const key of keys) this.#entries.delete(key)
    return keys.length
  }

  /** Most recently used first, as the cache lists them. */
  keys(): string[] {
    return [...this.#entries.keys()].toReversed()
  }
}

const KEY = fc.constantFrom(...KEYS)
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
const COMMAND = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('set' as const), key: KEY, ttl: TTL }), weight: 8 },
  { arbitrary: fc.record({ kind: fc.constant('get' as const), key: KEY }), weight: 6 },
  {
    arbitrary: fc.record({ kind: fc.constant('getOrSet' as const), key: KEY, ttl: TTL }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      milliseconds: fc.integer({ min: 1, max: 30 }),
    }),
    weight: 4,
  },
  {
    arbitrary: fc.record({
      kind: fc.constantFrom('delete' as const, 'exists' as const, 'getTtl' as const),
      key: KEY,
    }),
    weight: 5,
  },
  fc.record({
    kind: fc.constant('invalidatePattern' as const),
    pattern: fc.constantFrom(...Object.keys(PATTERNS)),
  }),
  fc.record({ kind: fc.constantFrom('clear' as const, 'size' as const) }),
)
type Command = typeof COMMAND extends fc.Arbitrary<infer Value> ? Value : never

test('the cache agrees with a plain model after each of many commands', async () => {
  let commandsRun = 0
  await fc.assert(
    fc.asyncProperty(fc.array(COMMAND, { maxLength: 200, size: 'max' }), async (commands) => {
      const clock = new ManualClock()
      const cache = new InMemoryCache({ maxSize: MAX_SIZE, clock })
      const model = new Model(clock)
      let overwrittenAfterExpiry = 0
      for (const [index, command] of commands.entries()) {
        const held = new Set(cache.getKeys())
        if ('ttl' in command && held.has(command.key) && !model.exists(command.key)) {
          overwrittenAfterExpiry++
        }
        const answers = await run(command, index, { cache, model, clock })
        model.expire()
        commandsRun++

        expect(answers.cache).toBe(answers.model)
        const stats = cache.getStats()
        expect(cache.getActiveKeys()).toEqual(model.keys())
        const { hits, misses, evictions } = model
        const activeEntries = model.keys().length
        expect(stats).toMatchObject({ hits, misses, evictions, activeEntries })
        expect(stats.totalEntries).toBe(activeEntries + stats.expiredEntries)
        expect(stats.totalEntries).toBeLessThanOrEqual(MAX_SIZE)
        // An expired entry is dropped and counted later, or overwritten before that.
        const uncounted = model.expirations - stats.expirations - stats.expiredEntries
        expect(uncounted).toBeGreaterThanOrEqual(0)
        expect(uncounted).toBeLessThanOrEqual(overwrittenAfterExpiry)
      }
    }),
    { numRuns: SEQUENCES, seed: SEED },
  )
  expect(commandsRun).toBeGreaterThan(COMMANDS)
  console.log(`${commandsRun} commands, seed ${SEED}, 0 divergences`)
}, 1_200_000)

/** Runs a command on both; answers what each of them said. */
async function run(
  command: Command,
  value: number,
  { cache, model, clock }: { cache: InMemoryCache; model: Model; clock: ManualClock },
): Promise<{ cache: unknown; model: unknown }> {
  switch (command.kind) {
    case 'set':
      return {
        cache: await cache.set(command.key, value, command.ttl),
        model: model.set(command.key, value, command.ttl),
      }
    case 'getOrSet': {
      const { key, ttl } = command
      const loaded = await cache.getOrSet(key, () => value, { ttl })
      const found = model.get(key)
      if (found === undefined) model.set(key, value, ttl)
      return { cache: loaded, model: found ?? value }
    }
    case 'invalidatePattern': {
      const { pattern } = command
      return {
        cache: await cache.invalidatePattern(pattern),
        model: model.deleteAll((key) => PATTERNS[pattern]?.(key) === true),
      }
    }
    case 'clear':
      return { cache: await cache.clear(), model: model.deleteAll(() => true) }
    case 'size':
      return { cache: cache.size(), model: model.keys().length }
    case 'advance':
      clock.advance(command.milliseconds)
      return { cache: undefined, model: undefined }
    default:
      return {
        cache: await cache[command.kind](command.key),
        model: model[command.kind](command.key),
      }
  }
}
