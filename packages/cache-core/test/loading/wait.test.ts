import { getEventListeners } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { type Flight, SingleFlight } from '../../src/implement.js'
import { TIMED_OUT, waitFor } from '../../src/loading/wait.js'
import { withFakeTimers } from './fake-timers.js'
import { follow, turn } from './source.js'

const NEVER = Number.POSITIVE_INFINITY
const LONGEST_TIMER_MS = 2 ** 31 - 1
const FAILURE = new Error('the source is down')
const REASON = new Error('the client has gone')

withFakeTimers()

describe('waitFor', () => {
  test.each([
    ['for ever', NEVER, false],
    ['for a time', 20, false],
    ['with a signal', NEVER, true],
    ['for a time with a signal', 20, true],
  ])('%s ends with the load', async (_how, timeoutMs, hasSignal) => {
    const { signal } = new AbortController()
    for (const fails of [false, true]) {
      const { flight, answer, fail } = flightOf()
      const wait = follow(waitFor(flight, timeoutMs, hasSignal ? signal : undefined))
      await turn()
      expect(wait().state).toBe('pending')
      if (fails) fail(FAILURE)
      else answer('loaded')
      await turn()
      expect(wait()).toEqual(
        fails ? { state: 'failed', reason: FAILURE } : { state: 'answered', value: 'loaded' },
      )
      expect(vi.getTimerCount()).toBe(0)
      expect(getEventListeners(signal, 'abort')).toEqual([])
    }
  })

  test('ends at the timeout and not before', async () => {
    const { flight } = flightOf()
    const { signal } = new AbortController()
    const wait = follow(waitFor(flight, 20, signal))
    await vi.advanceTimersByTimeAsync(19)
    expect(wait().state).toBe('pending')
    await vi.advanceTimersByTimeAsync(1)
    expect(wait()).toEqual({ state: 'answered', value: TIMED_OUT })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('ends with the reason of an aborted signal', async () => {
    const { flight } = flightOf()
    const controller = new AbortController()
    const wait = follow(waitFor(flight, 20, controller.signal))
    controller.abort(REASON)
    await turn()
    expect(wait()).toEqual({ state: 'failed', reason: REASON })
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('does not start with an aborted signal', async () => {
    const { flight } = flightOf()
    const signal = AbortSignal.abort(REASON)
    const wait = follow(waitFor(flight, 20, signal))
    await turn()
    expect(wait()).toEqual({ state: 'failed', reason: REASON })
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('handles a failure of the load after the timeout', async () => {
    const { flight, fail } = flightOf()
    const wait = follow(waitFor(flight, 20, undefined))
    await vi.advanceTimersByTimeAsync(20)
    fail(FAILURE)
    await turn()
    expect(wait().value).toBe(TIMED_OUT)
  })

  test('does not affect the load', async () => {
    const { flight } = flightOf()
    const controller = new AbortController()
    const waits = [
      follow(waitFor(flight, 20, undefined)),
      follow(waitFor(flight, NEVER, controller.signal)),
    ]
    await vi.advanceTimersByTimeAsync(20)
    controller.abort()
    await turn()
    expect(waits.map((wait) => wait().state)).toEqual(['answered', 'failed'])
    expect([flight.fenced, flight.signal.aborted]).toEqual([false, false])
  })

  test('has no timeout for more than the longest timer', async () => {
    const { signal } = new AbortController()
    for (const maybeSignal of [signal, undefined]) {
      const { flight, answer } = flightOf()
      const wait = follow(waitFor(flight, LONGEST_TIMER_MS + 1, maybeSignal))
      expect(vi.getTimerCount()).toBe(0)
      answer('loaded')
      await turn()
      expect(wait().value).toBe('loaded')
    }
  })

  test('has a timeout for the longest timer', async () => {
    for (const signal of [undefined, new AbortController().signal]) {
      const { flight } = flightOf()
      const wait = follow(waitFor(flight, LONGEST_TIMER_MS, signal))
      await vi.advanceTimersByTimeAsync(LONGEST_TIMER_MS - 1)
      expect(wait().state).toBe('pending')
      await vi.advanceTimersByTimeAsync(1)
      expect(wait().value).toBe(TIMED_OUT)
    }
  })
})

interface Controlled {
  readonly flight: Flight<string>
  readonly answer: (value: string) => void
  readonly fail: (reason: unknown) => void
}

function flightOf(): Controlled {
  let answer!: (value: string) => void
  let fail!: (reason: unknown) => void
  const flight = new SingleFlight().start('key', () => {
    return new Promise<string>((resolve, reject) => {
      answer = resolve
      fail = reject
    })
  })
  return { flight, answer, fail }
}
