import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planLoad } from '../../src/implement.js'
import { type GetOrSetOptions, ValidationError } from '../../src/index.js'

const PLAIN_PLAN = {
  ttl: undefined,
  tags: [],
  jitter: 0,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  softTimeoutMs: Number.POSITIVE_INFINITY,
  hardTimeoutMs: Number.POSITIVE_INFINITY,
  earlyRefresh: 0,
  signal: undefined,
  accept: undefined,
  memoryTtl: undefined,
  onLookup: undefined,
  refresh: false,
  noStore: false,
  takesFresh: true,
}

/** A value of every type but numbers, with its description in a message. */
const NO_NUMBERS: [bad: unknown, shown: string][] = [
  [null, 'null'],
  ['hunter2', 'a string'],
  ['', 'an empty string'],
  [true, 'a boolean'],
  [false, 'a boolean'],
  [5n, 'a bigint'],
  [Symbol('5s'), 'a symbol'],
  [[], 'an array'],
  [[0.5], 'an array'],
  [{}, 'an object'],
  [new Date(), 'an object'],
  [() => 0.5, 'a function'],
]

const NO_PART: [bad: unknown, shown: string][] = [
  ...NO_NUMBERS,
  ['0.5', 'a string'],
  [Number.NaN, 'NaN'],
  [-0.1, '-0.1'],
  [101, '101'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
]

const NO_DURATION: [bad: unknown, shown: string][] = [
  ...NO_NUMBERS,
  [-1, '-1'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  ['5 m', '"5 m"'],
]

const ZERO: [bad: unknown, shown: string][] = [
  [0, '0'],
  ['0s', '"0s"'],
]

const NO_OBJECT: [bad: unknown, shown: string][] = [
  ...NO_NUMBERS.filter(([, shown]) => shown !== 'an object'),
  [5, '5'],
  ['5s', 'a string'],
]

describe('planLoad', () => {
  test('returns the default plan without options and for empty options', () => {
    const plans = [planLoad(undefined), planLoad({}), planLoad(everyOptionUndefined())]
    expect(plans).toEqual([PLAIN_PLAN, PLAIN_PLAN, PLAIN_PLAN])
    expect(planLoad({ timeout: {} })).toEqual(PLAIN_PLAN)
    expect(planLoad({ timeout: { soft: undefined, hard: undefined } })).toEqual(PLAIN_PLAN)
  })

  test('converts durations to milliseconds and copies the other options', () => {
    const ttl = (): number => 1
    const { signal } = new AbortController()
    const plan = planLoad({
      ttl,
      tags: ['red'],
      jitter: 0.1,
      staleWhileRevalidate: 1.5,
      staleIfError: '5m',
      timeout: { soft: '50ms', hard: '2s' },
      earlyRefresh: 2,
      signal,
    })
    expect(plan).toEqual({
      ttl,
      tags: ['red'],
      jitter: 0.1,
      staleWhileRevalidateMs: 1_500,
      staleIfErrorMs: 300_000,
      softTimeoutMs: 50,
      hardTimeoutMs: 2_000,
      earlyRefresh: 2,
      signal,
      accept: undefined,
      memoryTtl: undefined,
      onLookup: undefined,
      refresh: false,
      noStore: false,
      takesFresh: false,
    })
    expect(plan.signal).toBe(signal)
  })

  test.each<[what: string, options: GetOrSetOptions]>([
    ['a life in seconds', { ttl: 0.001 }],
    ['a life as text', { ttl: '1d' }],
    ['a life without end', { ttl: null }],
    ['the least jitter', { jitter: 0 }],
    ['the most jitter', { jitter: 1 }],
    ['no early refresh', { earlyRefresh: 0 }],
    ['the earliest refresh', { earlyRefresh: 100 }],
    ['a soft timeout above the hard one', { timeout: { soft: '2s', hard: '1s' } }],
    ['a signal that was made elsewhere', { signal: foreignSignal(false) }],
  ])('accepts %s', (_what, options) => {
    expect(planLoad(options)).toMatchObject(options.timeout === undefined ? options : {})
  })

  test('is not affected by later changes of the tags', () => {
    const tags = ['red']
    const plan = planLoad({ tags })
    tags.push('')
    expect(plan.tags).toEqual(['red'])
  })

  test('throws the reason of an aborted signal', () => {
    const reason = new Error('the client has gone')
    expect(() => planLoad({ signal: AbortSignal.abort(reason) })).toThrow(reason)
    expect(() => planLoad({ signal: foreignSignal(true) })).toThrow('gone elsewhere')
  })

  test('rejects a bad option before an aborted signal', () => {
    const options = { jitter: 2, signal: AbortSignal.abort() }
    expect(() => planLoad(options)).toThrow(ValidationError)
  })
})

describe('planLoad rejects', () => {
  test.each(NO_OBJECT)('options %s', (bad, shown) => {
    expect(refusalOf(bad)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `options must be a plain object; received ${shown}`,
      context: { argument: 'options', received: shown },
    })
  })

  test.each(NO_OBJECT)('timeout %s', (bad, shown) => {
    const message = `timeout must be a plain object; received ${shown}`
    expect(refusalOf({ timeout: bad })).toMatchObject(aboutArgument('timeout', message))
  })

  test.each([...NO_PART, [1.1, '1.1'], [2, '2']])('jitter %s', (bad, shown) => {
    const message = `jitter must be a number from 0 to 1; received ${shown}`
    expect(refusalOf({ jitter: bad })).toMatchObject(aboutArgument('jitter', message))
  })

  test.each([...NO_PART, [100.5, '100.5']])('earlyRefresh %s', (bad, shown) => {
    const message = `earlyRefresh must be a number from 0 to 100; received ${shown}`
    expect(refusalOf({ earlyRefresh: bad })).toMatchObject(aboutArgument('earlyRefresh', message))
  })

  test.each([
    ...NO_NUMBERS,
    [5, '5'],
    [new AbortController(), 'an object'],
    [{ aborted: false }, 'an object'],
    [{ addEventListener: () => {} }, 'an object'],
  ])('signal %s', (bad, shown) => {
    const message = `signal must be an AbortSignal; received ${shown}`
    expect(refusalOf({ signal: bad })).toMatchObject(aboutArgument('signal', message))
  })

  describe.each(['staleWhileRevalidate', 'staleIfError', 'timeout.soft', 'timeout.hard'])(
    '%s',
    (name) => {
      const rejected = name.startsWith('timeout') ? [...NO_DURATION, ...ZERO] : NO_DURATION
      test.each(rejected)('%s', (bad, shown) => {
        const [option = '', part] = name.split('.')
        const { message, context } = refusalOf({
          [option]: part === undefined ? bad : { [part]: bad },
        })
        expect(message).toMatch(new RegExp(`^${name} must be seconds .*; received ${shown}`))
        expect(message).toContain("'30s'")
        expect(message).not.toContain('hunter2')
        expect(context).toEqual({ argument: name, received: shown })
      })
    },
  )

  const badTtls = [...NO_DURATION, ...ZERO].filter(
    ([bad]) => bad !== null && typeof bad !== 'function',
  )
  test.each(badTtls)('ttl %s', (bad, shown) => {
    const { code, message } = refusalOf({ ttl: bad })
    expect(code).toBe('INVALID_TTL')
    expect(message).toMatch(new RegExp(`^ttl must be seconds .*; received ${shown}`))
  })

  test.each<[tags: unknown]>([[null], ['red'], [['red', '']], [[5]], [{}], [() => []]])(
    'tags %o',
    (tags) => {
      const { code, message } = refusalOf({ tags })
      expect(code).toBe('INVALID_TAGS')
      expect(message).toContain('tags must be an array of at most 128')
    },
  )

  test('any other bad value with a ValidationError', () => {
    const names = ['ttl', 'tags', 'jitter', 'staleIfError', 'timeout', 'earlyRefresh', 'signal']
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.anything(), (name, value) => {
        const outcome = outcomeOf({ [name]: value })
        const isPlan = typeof outcome === 'object' && outcome !== null && 'jitter' in outcome
        expect(isPlan || outcome instanceof ValidationError).toBe(true)
      }),
    )
  })
})

function aboutArgument(argument: string, message: string): object {
  return { code: 'INVALID_ARGUMENT', message, context: { argument } }
}

function refusalOf(options: unknown): ValidationError {
  const outcome = outcomeOf(options)
  if (outcome instanceof ValidationError) return outcome
  throw new Error('the options were not refused', { cause: outcome })
}

/** Returns the plan, or the error. */
function outcomeOf(options: unknown): unknown {
  try {
    return planLoad(options as GetOrSetOptions)
  } catch (error) {
    return error
  }
}

function everyOptionUndefined(): GetOrSetOptions {
  const names = ['ttl', 'tags', 'jitter', 'timeout', 'earlyRefresh', 'signal']
  const stale = ['staleWhileRevalidate', 'staleIfError']
  return Object.fromEntries([...names, ...stale].map((name) => [name, undefined]))
}

/** Returns a signal of another realm or a polyfill: an object with the shape of an AbortSignal. */
function foreignSignal(aborted: boolean): AbortSignal {
  const signal = {
    aborted,
    reason: aborted ? new Error('gone elsewhere') : undefined,
    addEventListener: () => {},
    removeEventListener: () => {},
  }
  return signal as unknown as AbortSignal
}
