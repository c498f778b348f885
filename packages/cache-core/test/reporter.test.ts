import { type RecordedWarnings, recordingLogger, recordWarnings } from '@verbatim/test-support'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Reporter, reportFailedRefresh, reportLongTtl } from '../src/implement.js'
import { ConfigurationError } from '../src/index.js'

let warnings: RecordedWarnings
beforeEach(() => {
  warnings = recordWarnings()
})
afterEach(() => {
  warnings.stop()
  vi.restoreAllMocks()
})

/** Warnings are emitted on the next tick. */
const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a reporter with a logger', () => {
  test('starts each message with the name of the cache', () => {
    const logger = recordingLogger()
    new Reporter({ name: 'sessions', logger }).log('info', 'text')
    new Reporter({ logger }).log('warn', 'text')
    expect(logger.lines).toEqual(['info sessions: text', 'warn text'])
  })

  test('emits no warning of the process', async () => {
    const logger = recordingLogger()
    expect(new Reporter({ logger }).notify('warn', 'VERBATIM_TEST', 'text')).toBe(true)
    await nextTick()
    expect([logger.lines, warnings.all]).toEqual([['warn text'], []])
  })

  test('calls methods with the logger as this', () => {
    const logger = {
      ...recordingLogger(),
      seen: [] as string[],
      warn(message: string) {
        this.seen.push(message)
      },
    }
    new Reporter({ logger }).log('warn', 'text')
    expect(logger.seen).toEqual(['text'])
  })

  test.each<[string, () => void]>([
    [
      'throws',
      () => {
        throw new Error('disk full')
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
    ['resolves', () => Promise.resolve()],
  ])('does not fail for a logger that %s', async (_what, warn) => {
    const reporter = new Reporter({ logger: { ...recordingLogger(), warn } })
    expect(reporter.notify('warn', 'VERBATIM_TEST', 'text')).toBe(true)
    reporter.notifyRarely('warn', 'VERBATIM_TEST', 'text')
    // An unhandled rejection would fail the test run.
    await nextTick()
  })

  test('logs a topic once a minute, with the number of omitted messages', () => {
    const logger = recordingLogger()
    let now = 0
    const reporter = new Reporter({ logger }, () => now)
    for (let times = 0; times < 1_000; times++) reporter.logRarely('warn', 'topic', 'text')
    reporter.logRarely('warn', 'another topic', 'other')
    now += 59_999
    reporter.logRarely('warn', 'topic', 'text')
    now += 1
    reporter.logRarely('warn', 'topic', 'text')
    now += 60_000
    reporter.logRarely('warn', 'topic', 'text')
    expect(logger.lines).toEqual([
      'warn text',
      'warn other',
      'warn text (1000 more since the last such message)',
      'warn text',
    ])
  })
})

describe('a reporter without a logger', () => {
  test('emits warnings of the process with a type and a code', async () => {
    const isNoticed = new Reporter({ name: 'sessions' }).notify('warn', 'VERBATIM_A', 'text')
    await nextTick()
    expect(isNoticed).toBe(true)
    expect(warnings.all).toMatchObject([{ code: 'VERBATIM_A', message: 'sessions: text' }])
  })

  test('reports each topic once for any number and kind of calls', async () => {
    const reporter = new Reporter()
    for (let times = 0; times < 5; times++) {
      reporter.notify('warn', 'VERBATIM_B', 'text')
      reporter.notifyOnce('warn', 'VERBATIM_B', 'text')
      reporter.notifyRarely('warn', 'VERBATIM_B', 'text')
      reporter.notifyRarely('warn', 'VERBATIM_B', 'text', 'another topic')
    }
    await nextTick()
    expect(warnings.all).toHaveLength(2)
  })

  test('emits ten warnings and a remark for a thousand caches with one problem', async () => {
    for (let caches = 0; caches < 1_000; caches++) {
      new Reporter({ name: `cache ${caches}` }).notify('warn', 'VERBATIM_C', 'text')
    }
    await nextTick()
    expect(warnings.all).toHaveLength(11)
    expect(warnings.all.at(-1)?.message).toMatch(/^More warnings like these are omitted/)
    // A warning with another code is still reported.
    new Reporter().notify('warn', 'VERBATIM_C', 'another text')
    await nextTick()
    expect(warnings.all.at(-1)?.message).toBe('another text')
  })

  test('emits a hundred warnings and a remark for a thousand caches with different problems', async () => {
    for (let caches = 0; caches < 1_000; caches++) {
      new Reporter().notify('warn', 'VERBATIM_E', `text ${caches}`)
    }
    await nextTick()
    expect(warnings.all).toHaveLength(101)
  })

  test('does not report messages for a log only', async () => {
    const reporter = new Reporter()
    reporter.log('warn', 'text')
    reporter.logRarely('error', 'topic', 'text')
    reportFailedRefresh(reporter, new Error('private'))
    await nextTick()
    expect(warnings.all).toEqual([])
  })

  test('does not fail if emitWarning throws', () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {
      throw new Error('no')
    })
    expect(() => new Reporter().notify('warn', 'VERBATIM_D', 'text')).not.toThrow()
  })
})

test.each([null, 5, 'text', () => undefined])(
  'a reporter rejects %j as its settings',
  (settings) => {
    expect(() => new Reporter(settings as never)).toThrow(ConfigurationError)
    expect(() => new Reporter(settings as never)).toThrow('settings must be an object; received')
  },
)

describe('a failed refresh', () => {
  test.each([
    [Object.assign(new Error('private'), { code: 'ECONNRESET' }), 'ECONNRESET'],
    [new TypeError('private'), 'TypeError'],
    [Object.assign(new Error('x'), { code: 'private words' }), 'Error'],
    ['private', 'a string'],
  ])('is logged with only the code or class of its error: %s', (error, kind) => {
    const logger = recordingLogger()
    reportFailedRefresh(new Reporter({ logger }), error)
    expect(logger.lines).toEqual([expect.stringContaining(`(${kind})`)])
    expect(logger.lines.join()).not.toContain('private')
  })
})

test('reportLongTtl reports once for each cache', () => {
  const logger = recordingLogger()
  const reporter = new Reporter({ logger })
  reportLongTtl(reporter, Number.POSITIVE_INFINITY)
  expect(logger.lines).toEqual([])
  for (let times = 0; times < 3; times++) reportLongTtl(reporter, 1_767_225_600_000)
  expect(logger.lines).toHaveLength(1)
  expect(logger.lines[0]).toContain('20,454 days')
  expect(logger.lines[0]).toMatch(/seconds, not milliseconds/)
})
