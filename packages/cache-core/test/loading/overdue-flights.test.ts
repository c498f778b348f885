import { describe, expect, test } from 'vitest'
import { type Flight, type FlightOptions, SingleFlight } from '../../src/implement.js'
import { turn } from './source.js'

describe('a flight in progress', () => {
  test('is found by inFlight until it has ended', async () => {
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

  test('is found until it is overdue', () => {
    const { flights, start } = tower()
    const { flight } = start('key', { overdueAt: 50 })
    expect(flights.inFlight('key', 50)).toBe(flight)
    expect(flights.inFlight('key', 50.001)).toBeUndefined()
    expect(flights.inFlight('key', 50)).toBeUndefined()
  })

  test('is joined by run at any time', async () => {
    const { flights, start } = tower()
    const { land } = start('key', { overdueAt: 50 })
    const joined = flights.run('key', async () => 'another')
    land()
    expect(await joined).toBe('landed')
  })

  test('is found by its own loader, with a pending result', async () => {
    const flights = new SingleFlight()
    let joined: Promise<string> | undefined
    const first = flights.run('key', async () => {
      joined = flights.run('key', async () => 'another')
      await turn()
      return 'loaded'
    })
    expect(await Promise.all([first, joined])).toEqual(['loaded', 'loaded'])
  })

  test('is not found after retire, but may be stored', () => {
    const { flights, start } = tower()
    const { flight } = start('key')
    flights.retire(flight)
    expect(flights.inFlight('key', 0)).toBeUndefined()
    expect(flight.fenced).toBe(false)
  })

  test('does not retire a later flight', async () => {
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

describe('a retired flight', () => {
  test.each<[how: string, flightOptions: FlightOptions, end: (flights: SingleFlight) => void]>([
    ['by its key', {}, (flights) => flights.fence('key')],
    ['by a tag', { tags: ['red', 'green'] }, (flights) => flights.fenceTags(['blue', 'green'])],
    ['with all others', {}, (flights) => flights.fenceAll()],
  ])('is fenced %s, like the next one', (_how, options, end) => {
    const { flights, start } = tower()
    const overdue = start('key', { ...options, overdueAt: 50 })
    expect(flights.inFlight('key', 51)).toBeUndefined()
    const current = start('key', options)
    end(flights)
    expect([overdue.flight.fenced, current.flight.fenced]).toEqual([true, true])
    expect(flights.inFlight('key', 0)).toBeUndefined()
  })

  test('is fenced too if it was replaced before it was overdue', () => {
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

  test('is not fenced after its end', async () => {
    const { flights, start } = tower()
    const { flight, land } = start('key', { overdueAt: 50 })
    flights.inFlight('key', 51)
    land()
    await flight.result
    flights.fence('key')
    expect(flight.fenced).toBe(false)
  })
})

describe('fenceOlder', () => {
  test('fences the earlier flights of the key, and no others', () => {
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

describe('an abandoned flight', () => {
  test('is aborted, fenced and not joined', () => {
    const { flights, start } = tower()
    const { flight } = start('key')
    const { signal } = flight
    expect(signal.aborted).toBe(false)
    flights.abandon(flight)
    expect([signal.aborted, flight.fenced]).toEqual([true, true])
    expect(flights.inFlight('key', 0)).toBeUndefined()
  })

  test('has an aborted signal for a loader that reads it later', () => {
    const { flights, start } = tower()
    const { flight } = start('key')
    flights.abandon(flight)
    expect(flight.signal.aborted).toBe(true)
    expect(flight.signal).toBe(flight.signal)
  })

  test('does not affect other flights', () => {
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

/** Starts flights that end on demand. */
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
