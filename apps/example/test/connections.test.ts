import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Analyzer } from '../src/routes/process.js'
import { AppProcess } from './support/app-process.js'
import { readSample } from './support/samples.js'
import { startService } from './support/service.js'

const PAYLOAD = { text: 'It rained all day.', operation: 'sentiment' }

/** Returns an analysis that runs until it is released or aborted. */
function heldAnalyzer(): {
  analyzer: Analyzer
  signals: AbortSignal[]
  release: () => void
} {
  const signals: AbortSignal[] = []
  const releases: Array<() => void> = []
  return {
    signals,
    release: () => {
      for (const release of releases) release()
    },
    analyzer: (_text, _task, signal) => {
      signals.push(signal)
      return new Promise((resolve, reject) => {
        releases.push(() => resolve({ result: { answer: 42 }, computeMs: 1 }))
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    },
  }
}

function post(address: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${address}/process`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(PAYLOAD),
    ...(signal === undefined ? {} : { signal }),
  })
}

test('the analysis ends when its only client leaves, and the next request starts a new one', async () => {
  const logged: string[] = []
  const { analyzer, signals, release } = heldAnalyzer()
  const logStream = { write: (line: string) => void logged.push(line) }
  const { app } = await startService({ analyzer, logStream })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const leaving = new AbortController()
  const left = post(address, leaving.signal)
  await expect.poll(() => signals.length).toBe(1)
  leaving.abort()
  await expect(left).rejects.toThrow()
  await expect.poll(() => signals[0]?.aborted).toBe(true)

  const next = post(address)
  await expect.poll(() => signals.length).toBe(2)
  release()
  expect(await (await next).json()).toMatchObject({ cache: { status: 'miss' } })
  expect(logged).toEqual([])
})

test('the analysis continues while another client waits for the same answer', async () => {
  const { analyzer, signals, release } = heldAnalyzer()
  const { app } = await startService({ analyzer })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const leaving = new AbortController()
  const left = post(address, leaving.signal).catch(() => 'left')
  await expect.poll(() => signals.length).toBe(1)
  const stays = post(address)
  await sleep(100)
  leaving.abort()
  expect(await left).toBe('left')
  await sleep(100)
  expect(signals[0]?.aborted).toBe(false)
  release()
  expect((await stays).status).toBe(200)
  expect(signals).toHaveLength(1)
})

test('an analysis that takes too long is stopped, and the response is a 503', async () => {
  const { analyzer, signals } = heldAnalyzer()
  const { app } = await startService({ analyzer, timeoutMs: 200 })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const reply = await post(address)
  expect(reply.status).toBe(503)
  expect(reply.headers.get('retry-after')).toBe('1')
  expect(await reply.json()).toHaveProperty('error.code', 'TIMEOUT')
  expect(signals[0]?.aborted).toBe(true)
})

test.each<[request: string, bytes: string, status: number, code: string]>([
  ['bytes that are not HTTP', 'hello there\r\n\r\n', 400, 'INVALID_HTTP'],
  [
    'headers of 20 KiB',
    `GET / HTTP/1.1\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
    431,
    'HEADERS_TOO_LARGE',
  ],
  [
    'two lengths',
    'POST /process HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
    400,
    'INVALID_HTTP',
  ],
])('the response to %s is JSON', async (_request, bytes, status, code) => {
  const { app } = await startService()
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  let reply = ''
  socket.on('data', (data) => {
    reply += String(data)
  })
  socket.write(bytes)
  await once(socket, 'close')
  const [head = '', body = ''] = reply.split('\r\n\r\n')
  expect(head).toContain(`HTTP/1.1 ${status} `)
  expect(JSON.parse(body)).toHaveProperty('error.code', code)
})

test('the key of the start-up message opens the dashboard, and SIGTERM ends the process under an open page', async () => {
  await using app = await AppProcess.start({})
  const [, key] = /the API key of this run: (\S{24})\)/.exec(app.output()) ?? []
  const settings = await fetch(`${app.address}/internal/dashboard/api/settings`, {
    headers: { authorization: `Bearer ${key}` },
  })
  expect(settings.status).toBe(200)
  const live = await fetch(`${app.address}/internal/dashboard/api/live?range=1m`)
  const reader = live.body?.getReader()
  expect((await reader?.read())?.done).toBe(false)
  const rest = (async (): Promise<void> => {
    while ((await reader?.read())?.done === false);
  })()
  const [exitCode] = await Promise.all([app.stop(), rest])
  expect(exitCode).toBe(0)
}, 120_000)

test('SIGTERM lets a request finish, and the process ends with its threads', async () => {
  await using app = await AppProcess.start({})
  const body = JSON.stringify({ text: readSample('day-of-infamy'), operation: 'questions' })
  const reply = fetch(`${app.address}/process`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  await sleep(50)
  const [{ status }, exitCode] = await Promise.all([reply, app.stop()])
  expect(status).toBe(200)
  expect(exitCode).toBe(0)
}, 120_000)
