import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '@verbatim/cache-core'
import { expect, test } from 'vitest'
import { InMemoryCache, type Isolation } from '../src/index.js'

/**
 * A race between a load and a change of its source, which invalidates the key. Time is counted in turns of
 * the microtask queue, so that the change can happen at each point where a load awaits.
 */
interface Race {
  readonly isolation: Isolation
  readonly change: Change
  /** Content of the cache at the start: nothing, or a stale value that is served during the load. */
  readonly content: 'nothing' | 'stale'
  /** Number of callers that wait for the load. Each one starts a turn after the previous one. */
  readonly callers: number
  /** Whether the change precedes the callers when both are due. */
  readonly changerFirst: boolean
  /** Turns between the call and the change of the source. */
  readonly changeAfter: number
  /** Turns between the change of the source and that of the cache. */
  readonly invalidateAfter: number
  /** Turns of the loader before it reads the source, and from there to its result. */
  readonly readAfter: number
  readonly answerAfter: number
  /** Turns between the invalidation and the next caller. */
  readonly nextCallAfter: number
  /** Turns between the invalidation and a second change; `null` for none. */
  readonly changeAgainAfter: number | null
}

interface Value {
  readonly version: number
}

const KEY = 'user:1'
const TAGS = ['users', 'user:1']

/** Ways to invalidate a key. Each resolves when the cache has acknowledged the invalidation. */
const CHANGES = {
  delete: (cache) => cache.delete(KEY),
  deleteMany: (cache) => cache.deleteMany(['user:2', KEY]),
  set: (cache, value) => cache.set(KEY, value),
  setMany: (cache, value) => cache.setMany([[KEY, value]]),
  clear: (cache) => cache.clear(),
  invalidatePattern: (cache) => cache.invalidatePattern('user:*'),
  invalidateTags: (cache) => cache.invalidateTags(['user:2', 'users']),
} satisfies Record<string, (cache: InMemoryCache, value: Value) => Promise<unknown>>
type Change = keyof typeof CHANGES

const DIMENSIONS: { readonly [Name in keyof Race]: readonly Race[Name][] } = {
  isolation: ['none', 'freeze', 'clone'],
  change: Object.keys(CHANGES) as Change[],
  content: ['nothing', 'stale'],
  callers: [1, 2],
  changerFirst: [false, true],
  changeAfter: upTo(20),
  invalidateAfter: upTo(1),
  readAfter: upTo(3),
  answerAfter: upTo(3),
  nextCallAfter: [0, 2, 4],
  changeAgainAfter: [null, 2, 5],
}
const ALL_RACES = Object.values(DIMENSIONS).reduce((product, { length }) => product * length, 1)
/** Number of races to run. In about half of them, the load ends before the change. */
const RACES = Math.min(Number(process.env['RACES'] ?? 4_000), ALL_RACES)
/** Coprime to the number of all races, so that its multiples visit each race once. */
const STRIDE = 7_919

test('all races are visited once', () => {
  const visits = new Uint8Array(ALL_RACES)
  for (let index = 0; index < ALL_RACES; index++) visits[(index * STRIDE) % ALL_RACES] = 1
  expect(visits.indexOf(0)).toBe(-1)
})

test(`${RACES} races between a load and a change leave no stale value`, async () => {
  const stale: { race: Race; seen: string }[] = []
  const overlapping = new Set<number>()
  let tooLate = 0
  for (let index = 0; index < RACES; index++) {
    const race = raceAt((index * STRIDE) % ALL_RACES)
    const { seen, loadWasOver } = await run(race)
    for (const what of seen) stale.push({ race, seen: what })
    if (loadWasOver) tooLate++
    else overlapping.add(race.changeAfter + race.invalidateAfter)
    // Weak references retain their targets as long as promises keep resolving.
    if (index % 1_000 === 0) await setImmediate()
  }

  expect(stale.slice(0, 5)).toEqual([])
  // The changes range from the call itself to after the end of every load.
  expect(Math.min(...overlapping)).toBe(0)
  expect(Math.max(...overlapping)).toBeLessThan(20)
  expect(tooLate).toBeGreaterThan(0)
  console.log(`${RACES} races, ${RACES - tooLate} of them during the load, 0 stale values`)
}, 1_200_000)

async function run(race: Race): Promise<{ seen: string[]; loadWasOver: boolean }> {
  const clock = new ManualClock()
  const cache = new InMemoryCache({ isolation: race.isolation, clock })
  const source: { version: number } = { version: 1 }
  let isAnswered = false
  let loadWasOver = false
  const load = async (): Promise<Value> => {
    await turns(race.readAfter)
    const { version } = source
    await turns(race.answerAfter)
    return { version }
  }
  const seen: string[] = []
  /** Callers that start after an invalidation must not receive an older version. */
  let oldestAllowed = 1
  const ask = async (who: string, answer: Promise<Value | undefined>): Promise<void> => {
    const allowed = oldestAllowed
    const value = await answer
    if (value !== undefined && value.version < allowed) seen.push(who)
  }
  const get = (): Promise<Value> =>
    cache.getOrSet(KEY, load, { tags: TAGS, staleWhileRevalidate: '1h' })
  if (race.content === 'stale') {
    const options = { ttl: '1ms', tags: TAGS, staleWhileRevalidate: '1h' } as const
    await cache.getOrSet(KEY, () => ({ version: 0 }), options)
    clock.advance(2)
  }

  const callers = async (): Promise<void> => {
    const calls = upTo(race.callers - 1).map(async (turn) => {
      await turns(turn)
      await get()
      isAnswered = true
    })
    await Promise.all(calls)
  }
  const invalidate = async (): Promise<void> => {
    oldestAllowed = source.version
    const acknowledged = CHANGES[race.change](cache, { version: source.version })
    await ask('read at once', cache.get(KEY))
    await acknowledged
  }
  const changer = async (): Promise<void> => {
    await turns(race.changeAfter)
    source.version++
    await turns(race.invalidateAfter)
    loadWasOver = isAnswered && cache.peek(KEY) !== undefined
    await invalidate()
    if (race.changeAgainAfter === null) return
    await turns(race.changeAgainAfter)
    source.version++
    await invalidate()
  }
  const nextCaller = async (): Promise<void> => {
    // One more turn, because the changer may be second in its turn.
    await turns(race.changeAfter + race.invalidateAfter + race.nextCallAfter + 1)
    await ask('next caller', get())
  }
  const actors = race.changerFirst ? [changer, callers] : [callers, changer]
  await Promise.all([...actors, nextCaller].map((actor) => actor()))

  await ask('read after all', cache.get<Value>(KEY))
  await ask('load after all', get())
  await cache.close()
  return { seen, loadWasOver }
}

/** Returns the race with a number, like a reading of an odometer. */
function raceAt(number: number): Race {
  let rest = number
  const race = Object.entries(DIMENSIONS).map(([name, choices]) => {
    const choice = choices[rest % choices.length]
    rest = Math.floor(rest / choices.length)
    return [name, choice]
  })
  return Object.fromEntries(race) as Race
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve()
}

function upTo(last: number): readonly number[] {
  return Array.from({ length: last + 1 }, (_, index) => index)
}
