import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type ProgramOutcome, runProgram } from '@verbatim/test-support'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prometheusRegistry } from '../src/export/prometheus.js'
import { busyMonitor } from './export/busy-monitor.js'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))

let web: Server
let address: string
const credentials: string[] = []

beforeAll(async () => {
  const monitor = busyMonitor()
  const pages: Readonly<Record<string, () => string | Promise<string>>> = {
    '/metrics': () => prometheusRegistry(monitor).metrics(),
    '/metrics.json': () => JSON.stringify(monitor.exportMetrics()),
    '/text': () => 'no metrics here',
    '/other.json': () => '{"answer": 42}',
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const page = pages[request.url ?? '']
    const { authorization } = request.headers
    if (authorization !== undefined) credentials.push(authorization)
    response.statusCode = page === undefined ? 404 : 200
    response.end(await page?.())
  }
  web = createServer((request, response) => void answer(request, response))
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  address = `127.0.0.1:${(web.address() as AddressInfo).port}`
})
afterAll(() => web.close())

const run = (...args: string[]): Promise<ProgramOutcome> => runProgram(CLI, args)

test.each(['/metrics', '/metrics.json'])('draws what %s holds, as often as asked', async (page) => {
  const options = ['--count', '2', '--interval', '0.05']
  const { code, out, err } = await run('watch', `http://user:s3cret@${address}${page}`, ...options)
  expect([code, err]).toEqual([0, ''])
  expect(out.match(/hits +75\.0 %/g)).toHaveLength(2)
  expect(out).toContain(`${address}${page}`)
  expect(out).not.toContain('s3cret')
  expect(credentials.at(-1)).toBe(`Basic ${btoa('user:s3cret')}`)
})

test.each([
  ['/absent', 'the page answers 404'],
  ['/text', 'the page holds no metrics of a cache'],
  ['/other.json', 'the page holds no metrics of a cache'],
])('%s: %s', async (page, message) => {
  const { code, out, err } = await run('watch', `http://${address}${page}`)
  expect([code, out, err]).toEqual([1, '', `error: ${message}\n`])
})

test('nobody there', async () => {
  const { code, err } = await run('watch', 'http://127.0.0.1:1/metrics')
  expect([code, err]).toEqual([1, 'error: the page does not answer\n'])
})

test.each([
  [['watch', 'nonsense'], 'It must be a URL'],
  [['watch', 'http://127.0.0.1:1', '--interval', '0'], 'It must be a number above 0'],
  [['watch'], 'missing required argument'],
])('%j: %s', async (args, message) => {
  const { code, err } = await run(...args)
  expect(code).toBe(1)
  expect(err).toContain(message)
})
