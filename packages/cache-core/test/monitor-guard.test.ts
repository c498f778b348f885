import { describe, expect, test, vi } from 'vitest'
import { assertMonitor, MonitorGuard } from '../src/implement.js'
import { type CacheMonitor, ConfigurationError, type Logger } from '../src/index.js'

const SECRET = 's3cret'

/** Calls every method of a guard once. */
function useAll(guard: MonitorGuard): void {
  guard.observeOperation('get', 'hit', 'memory', 1)
  guard.observeKeyGeneration(1, 2, 'qa')
  guard.observeCompression(2, 1, 1)
  guard.observeInvalidation(1, 1, 'reason')
  guard.observeMemory({ memoryUse: () => ({ entries: 0, maxEntries: 0, bytes: 0 }) })
  guard.observeResponse('qa', 'small', 'hit', 1, 'medium')
}

const METHODS = [
  'observeOperation',
  'observeKeyGeneration',
  'observeCompression',
  'observeInvalidation',
  'observeMemory',
  'observeResponse',
] as const

/** Returns a monitor with all methods made by a function. */
function monitorOf(method: (name: string) => PropertyDescriptor): CacheMonitor {
  const methods = METHODS.map((name) => [name, { enumerable: true, ...method(name) }])
  return Object.defineProperties({}, Object.fromEntries(methods)) as CacheMonitor
}

function fail(): never {
  throw new TypeError(SECRET)
}

/** Creates an object with a property `then` that is not a promise. */
function thenable(then: PropertyDescriptor): object {
  return Object.defineProperty({}, ['th', 'en'].join(''), then)
}

const BROKEN: [what: string, make: () => CacheMonitor][] = [
  ['throws', () => monitorOf(() => ({ value: fail }))],
  ['rejects', () => monitorOf(() => ({ value: () => Promise.reject(new TypeError(SECRET)) }))],
  ['has getters that throw', () => monitorOf(() => ({ get: fail }))],
  [
    'returns a thenable whose then throws',
    () => monitorOf(() => ({ value: () => thenable({ value: fail }) })),
  ],
  [
    'returns a value whose then cannot be read',
    () => monitorOf(() => ({ value: () => thenable({ get: fail }) })),
  ],
  ['throws no error', () => monitorOf(() => ({ value: () => Promise.reject(SECRET) }))],
]

function recordingLogger(): { logger: Logger; lines: string[] } {
  const lines: string[] = []
  const log = (message: string): number => lines.push(message)
  return { logger: { debug: log, info: log, warn: log, error: log }, lines }
}

describe.each(BROKEN)('a monitor that %s', (_what, make) => {
  test('fails no call and is logged once, without the message of its error', async () => {
    const { logger, lines } = recordingLogger()
    const monitor = make()
    useAll(new MonitorGuard(monitor, logger))
    useAll(new MonitorGuard(monitor, logger))
    await vi.waitFor(() => expect(lines).toHaveLength(1))
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(lines).toEqual([expect.stringMatching(/^performanceMonitor\.observe\w+ failed with /)])
    expect(lines.join()).not.toContain(SECRET)
  })

  test('is reported once by a warning of the process without a logger', async () => {
    const warnings: Error[] = []
    const listen = (warning: Error): number => warnings.push(warning)
    process.on('warning', listen)
    try {
      const monitor = make()
      useAll(new MonitorGuard(monitor))
      useAll(new MonitorGuard(monitor))
      await vi.waitFor(() => expect(warnings).toHaveLength(1))
      await new Promise((resolve) => setTimeout(resolve, 10))
      expect(warnings).toMatchObject([{ code: 'VERBATIM_MONITOR_FAILED' }])
    } finally {
      process.off('warning', listen)
    }
  })
})

test('a logger that throws does not fail a call', () => {
  const broken = monitorOf(() => ({ value: fail }))
  const logger = { debug: fail, info: fail, warn: fail, error: fail }
  expect(() => useAll(new MonitorGuard(broken, logger))).not.toThrow()
})

test('a logger that rejects does not end the process', async () => {
  const reject = vi.fn((): Promise<never> => Promise.reject(new Error(SECRET)))
  const logger = { debug: reject, info: reject, warn: reject, error: reject }
  const broken = monitorOf(() => ({ value: fail }))
  useAll(new MonitorGuard(broken, logger))
  expect(reject).toHaveBeenCalledTimes(1)
  // An unhandled rejection would fail the test run.
  await new Promise((resolve) => setImmediate(resolve))
})

test('a member of a combination is reported to the logger of the combination', () => {
  const { logger, lines } = recordingLogger()
  const combination = monitorOf(() => ({ value: () => undefined }))
  const member = new MonitorGuard(
    monitorOf(() => ({ value: fail })),
    undefined,
    combination,
  )
  useAll(new MonitorGuard(combination, logger))
  useAll(member)
  expect(lines).toEqual([expect.stringMatching(/^performanceMonitor\.observe\w+ failed with /)])
})

test('a monitor is called with itself as this and with all arguments', () => {
  const calls: unknown[][] = []
  const isItself: boolean[] = []
  const monitor = monitorOf((name) => ({
    value(this: unknown, ...observed: unknown[]) {
      calls.push([name, ...observed])
      isItself.push(this === monitor)
    },
  }))
  useAll(new MonitorGuard(monitor))
  expect(calls).toEqual([
    ['observeOperation', 'get', 'hit', 'memory', 1],
    ['observeKeyGeneration', 1, 2, 'qa'],
    ['observeCompression', 2, 1, 1],
    ['observeInvalidation', 1, 1, 'reason'],
    ['observeMemory', expect.anything()],
    ['observeResponse', 'qa', 'small', 'hit', 1, 'medium'],
  ])
  expect(isItself).toEqual(METHODS.map(() => true))
})

test('a method that a monitor does not have is not called', () => {
  const { logger, lines } = recordingLogger()
  useAll(new MonitorGuard({ observeOperation: () => {} } as unknown as CacheMonitor, logger))
  expect(lines).toEqual([])
})

test.each([null, 'monitor', {}, [], new Map(), { observeOperation: 1 }, () => {}])(
  'the option performanceMonitor rejects %o',
  (bad) => {
    expect(() => assertMonitor(bad)).toThrow(ConfigurationError)
    expect(() => assertMonitor(bad)).toThrow('performanceMonitor')
  },
)
