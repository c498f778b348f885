import type { CacheInterface } from '../cache-interface.js'
import { timers } from '../timers.js'
import { removals, tagged } from './changes.js'
import { type CacheContract, cacheTest } from './contract.js'
import { describe, expect } from './test-runner.js'

/**
 * A race between a load and a change of its source, which invalidates the key. Time is counted in turns of a
 * queue, so that the change can happen at each point where a load awaits.
 */
interface Race {
  /** Unit of time: a turn of the microtask queue, or of the event loop, in which sockets are read. */
  readonly turn: 'microtask' | 'event loop'
  /** Whether the change precedes the callers when both are due. */
  readonly changerFirst: boolean
  /** Number of callers that wait for the load. Each one starts a turn after the previous one. */
  readonly callers: number
  /** Turns between the call and the change of the source. */
  readonly changeAfter: number
  /** Turns between the change of the source and that of the cache. */
  readonly invalidateAfter: number
  /** Turns of the loader before it reads the source, and from there to its result. */
  readonly readAfter: number
  readonly answerAfter: number
  /** Turns between the acknowledged change of the cache and the next caller. */
  readonly nextCallAfter: number
}

interface Value {
  readonly version: number
}

/** Invalidates a key, or writes its new value. Resolves when the cache has acknowledged it. */
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
/** Coprime to the number of all races, so that its multiples visit each race once. */
const STRIDE = 7_919

export function raceTests(contract: CacheContract): void {
  const test = cacheTest(contract)
  const changes: [name: string, invalidate: Invalidate][] = [
    ...removals(contract),
    ['set', (cache, key, value) => cache.set(key, value)],
    ['setMany', (cache, key, value) => cache.setMany([[key, value]])],
  ]

  describe(`${RACES_PER_CHANGE} races leave no stale value:`, () => {
    for (const [name, invalidate] of changes) {
      test(`a load and ${name}`, async (cache) => {
        const stale: { race: Race; outdated: string }[] = []
        let duringLoad = 0
        for (let index = 0; index < RACES_PER_CHANGE; index++) {
          const race = raceAt((index * STRIDE) % ALL_RACES)
          const key = `race:${100 + index}`
          const load = tagged(contract, key)
          const { outdated, loadWasOver } = await run(race, { cache, key, invalidate, load })
          for (const what of outdated) stale.push({ race, outdated: what })
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
  /** Options of each load. */
  readonly load: { tags?: readonly string[] }
}

async function run(
  race: Race,
  { cache, key, invalidate, load }: Ground,
): Promise<{ outdated: string[]; loadWasOver: boolean }> {
  const source = { version: 1 }
  const outdated: string[] = []
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
    // Callers that start from here on must receive the new version.
    await expectNew('read at once', cache.get(key))
    await turns(race.nextCallAfter)
    await expectNew('next caller', cache.getOrSet(key, loader, load))
  }
  const actors = race.changerFirst ? [changer, ...callers] : [...callers, changer]
  await Promise.all(actors.map((actor) => actor()))
  await expectNew('read after all', cache.get(key))
  return { outdated, loadWasOver }

  async function expectNew(who: string, answer: Promise<Value | undefined>): Promise<void> {
    if ((await answer)?.version === 1) outdated.push(who)
  }
  async function turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      await (race.turn === 'microtask'
        ? undefined
        : new Promise<void>((resolve) => timers.setImmediate(resolve)))
    }
  }
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

function upTo(last: number): readonly number[] {
  return Array.from({ length: last + 1 }, (_, index) => index)
}
