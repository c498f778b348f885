import { describe, expect, test } from 'vitest'
import { type Flight, SingleFlight } from '../../src/implement.js'
import { deferred } from '../deferred.js'

describe('single flight', () => {
  test('callers during a load share it', async () => {
    const loads = new SingleFlight()
    const source = new Source()
    const callers = Array.from({ length: 100 }, () => loads.run('key', source.load))
    source.answer('value')
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['value']))
    expect(source.flights).toHaveLength(1)
  })

  test('different keys have separate loads', async () => {
    const loads = new SingleFlight()
    const both = [loads.run('a', async () => 1), loads.run('b', async () => 2)]
    expect(await Promise.all(both)).toEqual([1, 2])
  })

  test('a finished load is not joined', async () => {
    const loads = new SingleFlight()
    expect(await loads.run('key', async () => 1)).toBe(1)
    expect(await loads.run('key', async () => 2)).toBe(2)
  })

  test('a failure reaches every caller and the next one loads again', async () => {
    const loads = new SingleFlight()
    const failure = new Error('the source is down')
    const callers = [1, 2].map(() => loads.run('key', () => Promise.reject(failure)))
    for (const caller of callers) await expect(caller).rejects.toBe(failure)
    expect(await loads.run('key', async () => 'value')).toBe('value')
  })

  test('a loader that throws before it returns a promise fails like any other', async () => {
    const loads = new SingleFlight()
    const failure = new Error('thrown at once')
    const caller = loads.run('key', () => {
      throw failure
    })
    await expect(caller).rejects.toBe(failure)
    expect(await loads.run('key', async () => 'value')).toBe('value')
  })

  test('a loader can load another key, and its own key after a fence', async () => {
    const loads = new SingleFlight()
    const answer = await loads.run('outer', async () => {
      loads.fence('outer')
      const inner = await loads.run('inner', async () => 1)
      return inner + (await loads.run('outer', async () => 10))
    })
    expect(answer).toBe(11)
  })

  test('a fenced load reaches its waiting callers, and later callers start a new one', async () => {
    const loads = new SingleFlight()
    const before = new Source()
    const after = new Source()
    const waiting = [loads.run('key', before.load), loads.run('key', before.load)]
    loads.fence('key')
    const newcomers = [loads.run('key', after.load), loads.run('key', after.load)]
    before.answer('old')
    expect(await Promise.all(waiting)).toEqual(['old', 'old'])
    // The end of the old load must not remove the new one.
    const late = loads.run('key', after.load)
    after.answer('new')
    expect(await Promise.all([...newcomers, late])).toEqual(['new', 'new', 'new'])
    expect(before.flights.map(({ fenced }) => fenced)).toEqual([true])
    expect(after.flights.map(({ fenced }) => fenced)).toEqual([false])
  })

  test('a fence affects only its own key', async () => {
    const loads = new SingleFlight()
    const source = new Source()
    const caller = loads.run('key', source.load)
    loads.fence('other')
    const joined = loads.run('key', source.load)
    source.answer('value')
    expect(await Promise.all([caller, joined])).toEqual(['value', 'value'])
    expect(source.flights.map(({ fenced }) => fenced)).toEqual([false])
  })

  test('fenceAll affects every key', async () => {
    const loads = new SingleFlight()
    const source = new Source()
    const callers = ['a', 'b'].map((key) => loads.run(key, source.load))
    loads.fenceAll()
    callers.push(loads.run('a', source.load))
    source.answer('value')
    await Promise.all(callers)
    expect(source.flights.map(({ fenced }) => fenced)).toEqual([true, true, false])
  })
})

/** A loader that returns on demand and records its flights. */
class Source {
  readonly flights: Flight[] = []
  readonly #answer = deferred<string>()

  readonly load = (flight: Flight): Promise<string> => {
    this.flights.push(flight)
    return this.#answer.promise
  }

  answer(value: string): void {
    this.#answer.resolve(value)
  }
}
