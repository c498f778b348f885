import { describe, expect, test } from 'vitest'
import { type Flight, type FlightOptions, SingleFlight } from '../../src/implement.js'
import { turn } from './source.js'

describe('a flight that was started', () => {
  test('is found under way until it has ended', async () => {
    const { flights, start } = tower()
    const { flight, land } = start('key')
    expect(flights.inFlight('key', 0)).toBe(flight)
    expect(flights.inFlight('other', 0)).toBeUndefined()
    expect(flight).toMatchObject({ key: 'key', tags: [], overdueAt: Number.POSITIVE_INFINITY })
    expect(flight).toMatchObject({ waiting: 0, isBackground: false, fenced: false })
    land()
    expect(await flight.result).toBe('landed')
    expect(flights.inFlight('key', 0)).toBeUndefined()
  })

  test('is found up to the time at which it is overdue', () => {
    const { flights, start } = tower()
    const { flight } = start('key', { overdueAt: 50 })
    expect(flights.inFlight('key', 50)).toBe(flight)
    expect(flights.inFlight('key', 50.001)).toBeUndefined()
    expect(flights.inFlight('key', 50)).toBeUndefined()
  })

  test('is joined by run, whatever the time', async () => {
    const { flights, start } = tower()
    const { land } = start('key', { overdueAt: 50 })
    const joined = flights.run('key', async () => 'another')
    land()
    expect(await joined).toBe('landed')
  })

  test('is found by its own loader, which does not get an answer before there is one', async () => {
    const flights = new SingleFlight()
    let joined: Promise<string> | undefined
    const first = flights.run('key', async () => {
      joined = flights.run('key', async () => 'another')
      await turn()
      return 'loaded'
    })
    expect(await Promise.all([first, joined])).toEqual(['loaded', 'loaded'])
  })

  test('is not found any more once it is retired, but may be stored', () => {
    const { flights, start } = tower()
    const { flight } = start('key')
    flights.retire(flight)
    expect(flights.inFlight('key', 0)).toBeUndefined()
    expect(flight.fenced).toBe(false)
  })

  test('does not retire the one that came after it', async () => {
    const { flights, start } = tower()
    const old = start('key')
    flights.retire(old.flight)
    const { flight } = start('key')
    flights.retire(old.flight)
    old.land()
    await old.flight.result
    expect(flights.inFlight('key', 0)).toBe(flight)
  })
})

describe('a flight that nobody joins any more', () => {
  test.each<[how: string, flightOptions: FlightOptions, end: (flights: SingleFlight) => void]>([
    ['by its key', {}, (flights) => flights.fence('key')],
    ['by a tag', { tags: ['red', 'green'] }, (flights) => flights.fenceTags(['blue', 'green'])],
    ['with all others', {}, (flights) => flights.fenceAll()],
  ])('is fenced %s, as the one after it is', (_how, options, end) => {
    const { flights, start } = tower()
    const overdue = start('key', { ...options, overdueAt: 50 })
    expect(flights.inFlight('key', 51)).toBeUndefined()
    const current = start('key', options)
    end(flights)
    expect([overdue.flight.fenced, current.flight.fenced]).toEqual([true, true])
    expect(flights.inFlight('key', 0)).toBeUndefined()
  })

  test('is fenced as well when it was replaced before it was overdue', () => {
    const { flights, start } = tower()
    const replaced = start('key')
    const current = start('key')
    expect(flights.inFlight('key', 0)).toBe(current.flight)
    flights.fence('key')
    expect([replaced.flight.fenced, current.flight.fenced]).toEqual([true, true])
  })

  test.each<[how: string, end: (flights: SingleFlight) => void]>([
    ['another key', (flights) => flights.fence('other')],
    ['another tag', (flights) => flights.fenceTags(['blue'])],
    ['no tag', (flights) => flights.fenceTags([])],
  ])('is not fenced with %s', (_how, end) => {
    const { flights, start } = tower()
    const overdue = start('key', { tags: ['red'], overdueAt: 50 })
    flights.inFlight('key', 51)
    const current = start('key', { tags: ['red'] })
    const untagged = start('third')
    end(flights)
    for (const { flight } of [overdue, current, untagged]) expect(flight.fenced).toBe(false)
  })

  test('is not fenced once it has ended', async () => {
    const { flights, start } = tower()
    const { flight, land } = start('key', { overdueAt: 50 })
    flights.inFlight('key', 51)
    land()
    await flight.result
    flights.fence('key')
    expect(flight.fenced).toBe(false)
  })
})

describe('overtaking', () => {
  test('fences the flights of the key that began before, and no others', () => {
    const { flights, start } = tower()
    const [first, second, third] = [start('key'), start('key'), start('key')]
    const other = start('other', { overdueAt: 50 })
    flights.inFlight('other', 51)
    flights.fenceOlder(second.flight)
    const fenced = [first, second, third, other].map(({ flight }) => flight.fenced)
    expect(fenced).toEqual([true, false, false, false])
    expect(flights.inFlight('key', 0)).toBe(third.flight)
    flights.fenceOlder(third.flight)
    expect([second.flight.fenced, third.flight.fenced]).toEqual([true, false])
  })
})

describe('a flight that is abandoned', () => {
  test('is aborted, fenced and not joined any more', () => {
    const { flights, start } = tower()
    const { flight } = start('key')
    const { signal } = flight
    expect(signal.aborted).toBe(false)
    flights.abandon(flight)
    expect([signal.aborted, flight.fenced]).toEqual([true, true])
    expect(flights.inFlight('key', 0)).toBeUndefined()
  })

  test('is aborted also for those who look only afterwards', () => {
    const { flights, start } = tower()
    const { flight } = start('key')
    flights.abandon(flight)
    expect(flight.signal.aborted).toBe(true)
    expect(flight.signal).toBe(flight.signal)
  })

  test('takes no other with it', () => {
    const { flights, start } = tower()
    const old = start('key')
    const current = start('key')
    flights.abandon(old.flight)
    expect(flights.inFlight('key', 0)).toBe(current.flight)
    expect([current.flight.fenced, current.flight.signal.aborted]).toEqual([false, false])
  })
})

interface Started {
  readonly flight: Flight<string>
  readonly land: () => void
}

/** Flights that end when told to. */
function tower(): {
  flights: SingleFlight
  start: (key: string, options?: FlightOptions) => Started
} {
  const flights = new SingleFlight()
  const start = (key: string, options?: FlightOptions): Started => {
    let land = (): void => {}
    const load = (): Promise<string> =>
      new Promise((resolve) => {
        land = () => resolve('landed')
      })
    return { flight: flights.start(key, load, options), land: () => land() }
  }
  return { flights, start }
}
