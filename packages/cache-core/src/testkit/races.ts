import type { CacheInterface } from '../cache-interface.js'
import { timers } from '../timers.js'
import { removals, tagged } from './changes.js'
import { type CacheContract, cacheTest } from './contract.js'
import { describe, expect } from './test-runner.js'

/**
 * A source changes, and its key is invalidated, while a load of it is under way. Time is counted in
 * turns of a queue, so that the change can be put at each point where a load awaits.
 */
interface Race {
  /** A turn of the microtask queue, or of the event loop, in which answers come in from outside. */
  readonly turn: 'microtask' | 'event loop'
  /** Whose turn comes first when both are due. */
  readonly changerFirst: boolean
  /** Callers that wait for the load; each comes a turn after the one before. */
  readonly callers: number
  /** Turns between the call and the change of the source. */
  readonly changeAfter: number
  /** Turns between the change of the source and that of the cache. */
  readonly invalidateAfter: number
  /** Turns a loader takes before it reads the source, and from there to its answer. */
  readonly readAfter: number
  readonly answerAfter: number
  /** Turns between the acknowledged change of the cache and the next caller. */
  readonly nextCallAfter: number
}

interface Value {
  readonly version: number
}

/** Invalidates a key, or writes its new value. Resolves when that is acknowledged. */
type Invalidate = (cache: CacheInterface, key: string, value: Value) => Promise<unknown>

const DIMENSIONS: { readonly [Name in keyof Race]: readonly Race[Name][] } = {
  changeAfter: upTo(19),
  turn: ['microtask', 'event loop'],
  changerFirst: [false, true],
  callers: [1, 2],
  invalidateAfter: upTo(1),
  readAfter: upTo(3),
  answerAfter: upTo(3),
  nextCallAfter: [0, 2, 4],
}
const ALL_RACES = Object.values(DIMENSIONS).reduce((product, { length }) => product * length, 1)
const RACES_PER_CHANGE = 50
/** Coprime to the number of all races: its multiples visit each of them once, far apart. */
const STRIDE = 7_919

export function raceTests(contract: CacheContract): void {
  const test = cacheTest(contract)
  const changes: [name: string, invalidate: Invalidate][] = [
    ...removals(contract),
    ['set', (cache, key, value) => cache.set(key, value)],
    ['setMany', (cache, key, value) => cache.setMany([[key, value]])],
  ]

  describe(`${RACES_PER_CHANGE} races each leave nothing stale behind`, () => {
    for (const [name, invalidate] of changes) {
      test(`a load and ${name}`, async (cache) => {
        const stale: { race: Race; seen: string }[] = []
        let duringLoad = 0
        for (let index = 0; index < RACES_PER_CHANGE; index++) {
          const race = raceAt((index * STRIDE) % ALL_RACES)
          const key = `race:${100 + index}`
          const load = tagged(contract, key)
          const { seen, loadWasOver } = await run(race, { cache, key, invalidate, load })
          for (const what of seen) stale.push({ race, seen: what })
          if (!loadWasOver) duringLoad++
        }
        expect(stale.slice(0, 3)).toEqual([])
        expect(duringLoad).toBeGreaterThan(0)
      })
    }
  })
}

interface Ground {
  readonly cache: CacheInterface
  readonly key: string
  readonly invalidate: Invalidate
  /** The options of each load. */
  readonly load: { tags?: readonly string[] }
}

async function run(
  race: Race,
  { cache, key, invalidate, load }: Ground,
): Promise<{ seen: string[]; loadWasOver: boolean }> {
  const source = { version: 1 }
  const seen: string[] = []
  let loadIsOver = false
  let loadWasOver = false
  const loader = async (): Promise<Value> => {
    await turns(race.readAfter)
    const { version } = source
    await turns(race.answerAfter)
    return { version }
  }
  const callers = upTo(race.callers - 1).map((turn) => async () => {
    await turns(turn)
    await cache.getOrSet(key, loader, load)
    loadIsOver = true
  })
  const changer = async (): Promise<void> => {
    await turns(race.changeAfter)
    source.version = 2
    await turns(race.invalidateAfter)
    loadWasOver = loadIsOver
    await invalidate(cache, key, { version: 2 })
    // From here on nobody who asks may be told of what was before.
    await expectNew('read at once', cache.get(key))
    await turns(race.nextCallAfter)
    await expectNew('next caller', cache.getOrSet(key, loader, load))
  }
  const actors = race.changerFirst ? [changer, ...callers] : [...callers, changer]
  await Promise.all(actors.map((actor) => actor()))
  await expectNew('read after all', cache.get(key))
  return { seen, loadWasOver }

  async function expectNew(who: string, answer: Promise<Value | undefined>): Promise<void> {
    if ((await answer)?.version === 1) seen.push(who)
  }
  async function turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      await (race.turn === 'microtask'
        ? undefined
        : new Promise<void>((resolve) => timers.setImmediate(resolve)))
    }
  }
}

/** The races are numbered like the readings of an odometer. */
function raceAt(number: number): Race {
  let rest = number
  const race = Object.entries(DIMENSIONS).map(([name, choices]) => {
    const choice = choices[rest % choices.length]
    rest = Math.floor(rest / choices.length)
    return [name, choice]
  })
  return Object.fromEntries(race) as Race
}

function upTo(last: number): readonly number[] {
  return Array.from({ length: last + 1 }, (_, index) => index)
}
