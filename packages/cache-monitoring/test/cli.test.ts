import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { ValidationError } from '@verbatim/cache-core'
import { type ProgramOutcome, runPiped, runProgram, startProgram } from '@verbatim/test-support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prometheusRegistry } from '../src/export/prometheus.js'
import { fetchReading } from '../src/watch/index.js'
import { busyMonitor } from './export/busy-monitor.js'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))

let web: Server
let address: string
/** The fields of the page `/changed.json` that differ from an export. */
let changes: object
const credentials: string[] = []

beforeAll(async () => {
  const monitor = busyMonitor()
  const pages: Readonly<Record<string, () => string | Promise<string>>> = {
    '/metrics': () => prometheusRegistry(monitor).metrics(),
    '/metrics.json': () => JSON.stringify(monitor.exportMetrics()),
    '/text': () => 'no metrics here',
    '/changed.json': () => JSON.stringify({ ...monitor.exportMetrics(), ...changes }),
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

test.each(['/metrics', '/metrics.json'])('draws %s as often as --count says', async (page) => {
  const options = ['--count', '2', '--interval', '0.05']
  const { code, out, err } = await run('watch', `http://user:s3cret@${address}${page}`, ...options)
  expect([code, err]).toEqual([0, ''])
  expect(out.match(/hits +75\.0 %/g)).toHaveLength(2)
  expect(out).toContain(`${address}${page}`)
  expect(out).not.toContain('s3cret')
  expect(credentials.at(-1)).toBe(`Basic ${btoa('user:s3cret')}`)
})

test.each([
  ['/absent', 'the page responds with status 404'],
  ['/text', 'the page contains no metrics of a cache'],
  ['/other.json', 'the page contains no metrics of a cache'],
])('reports for %s: %s', async (page, message) => {
  const { code, out, err } = await run('watch', `http://${address}${page}`)
  expect([code, out, err]).toEqual([1, '', `error: ${message}\n`])
})

test('sends a password that is not percent-encoded as it is written', async () => {
  const { code, err } = await run('watch', `http://ada:100%@${address}/metrics`, '--count', '1')
  expect([code, err]).toEqual([0, ''])
  expect(credentials.at(-1)).toBe(`Basic ${btoa('ada:100%')}`)
})

describe('a page that cannot be reached', () => {
  /** Runs a server of no protocol on a free port, for as long as a command takes. */
  async function withServer(
    answer: (socket: Socket) => void,
    use: (host: string) => Promise<void>,
  ): Promise<void> {
    const server = createTcpServer(answer).listen(0, '127.0.0.1')
    await once(server, 'listening')
    await use(`127.0.0.1:${(server.address() as AddressInfo).port}`).finally(() => server.close())
  }
  const errorOf = async (host: string): Promise<string> => {
    const { code, out, err } = await run('watch', `http://ada:s3cret@${host}/metrics?token=s3cret`)
    expect([code, out]).toEqual([1, ''])
    expect(err).not.toContain('s3cret')
    return err
  }

  test('names a port that refuses connections', async () => {
    let closed = ''
    await withServer(
      () => undefined,
      async (host) => void (closed = host),
    )
    expect(await errorOf(closed)).toBe(`error: ${closed} refuses connections (ECONNREFUSED)\n`)
  })

  test('names an unknown host', async () => {
    expect(await errorOf('nothing.invalid:9464')).toMatch(
      /^error: the host of nothing\.invalid:9464 cannot be found \((ENOTFOUND|EAI_AGAIN)\)\n$/,
    )
  })

  test.each<[string, (socket: Socket) => void]>([
    ['answers in another protocol', (socket) => socket.end('+OK\r\n')],
    ['closes the connection', (socket) => socket.once('data', () => socket.end())],
  ])('names a server that %s', async (_what, answer) => {
    await withServer(answer, async (host) => {
      const line = /^error: (.*) does not respond with HTTP \(\w+\)\n$/.exec(await errorOf(host))
      expect(line?.[1]).toBe(host)
    })
  })

  test('names a port that fetch refuses to connect to', async () => {
    expect(await errorOf('127.0.0.1:1')).toBe(
      'error: 127.0.0.1:1 has a port that is blocked for HTTP\n',
    )
  })
})

test.each([
  ['cache_hits', -5],
  ['cache_misses', '7'],
  ['alerts', [{ name: 'a', level: null, message: 'b' }]],
])('rejects an export in which %s is %j', async (field, value) => {
  changes = { [field]: value }
  const { code, out, err } = await run('watch', `http://${address}/changed.json`)
  expect([code, out]).toEqual([1, ''])
  expect(err).toMatch(
    /^error: the page contains impossible metrics: export\.\S+ must be .*; received /,
  )
})

test('removes control characters from drawings, and escapes them in JSON', async () => {
  const text = 'a\u001B]0;evil\u0007\u009B31m\u202Eb\nc'
  changes = { alerts: [{ name: text, level: text, message: text }] }
  const page = `http://${address}/changed.json`
  const drawn = await run('watch', page, '--count', '1')
  expect([drawn.code, drawn.out]).toEqual([0, expect.stringContaining('a]0;evil31mbc')])
  expect(drawn.out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202E]/u)
  const { out } = await run('watch', page, '--count', '1', '--json')
  expect(out.trimEnd()).not.toMatch(/[\p{Cc}\u202E]/u)
  expect(JSON.parse(out)).toMatchObject({ alerts: [{ name: text }] })
})

test('shows each default once in the help', async () => {
  const { out } = await run('watch', '--help')
  expect(out).toContain('number of drawings (default: no limit)')
  expect(out).not.toContain('null')
})

const NO_SCHEME =
  'url must be an address that begins with http:// or https://, such as http://127.0.0.1:3000/metrics; received'

test.each([
  [['watch', 'localhost:3000/metrics'], `${NO_SCHEME} no http://`],
  [['watch', '127.0.0.1:3000/metrics'], `${NO_SCHEME} no http://`],
  [['watch', 'user:s3cret@host/metrics'], `${NO_SCHEME} no http://`],
  [['watch', '[::1]:3000/metrics'], `${NO_SCHEME} no http://`],
  [['watch', ':3000'], `${NO_SCHEME} no http://`],
  [['watch', '/metrics'], `${NO_SCHEME} no http://`],
  [['watch', 'redis://user:s3cret@host'], `${NO_SCHEME} another scheme`],
  [
    ['watch', 'http://s3cret:70000'],
    'url must be an address with a host and, if any, a port from 0 to 65535',
  ],
  [['watch', 'http://127.0.0.1:1', '--interval', '0'], '--interval must be a number above 0'],
  [['watch', 'http://127.0.0.1:1', '--interval', '3000000'], 'at most 86400'],
  [['watch', 'http://127.0.0.1:1', '--count', '1.5'], '--count must be an integer from 1'],
  [['watch', 'http://127.0.0.1:1', '--count', 'Infinity'], '--count must be an integer from 1'],
  [['watch', 'http://127.0.0.1:1', '--intervall', '1'], '--intervall is not an option of'],
  [['watch'], 'url must be given'],
  [['wach'], 'wach is not a command of cache-monitor. Did you mean watch?'],
  [['user:s3cret@host/metrics'], 'this is not a command of cache-monitor.'],
])('rejects %j with one line: %s', async (args, message) => {
  const { code, out, err } = await run(...args)
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(/^error: .*\n$/)
  expect(err).toContain(message)
  expect(err).not.toContain('s3cret')
})

test.each([
  ['localhost:3000/metrics', `${NO_SCHEME} no http://`],
  ['127.0.0.1:3000/metrics', `${NO_SCHEME} no http://`],
  ['ftp://user:s3cret@host', `${NO_SCHEME} another scheme`],
  ['redis://user:s3cret@host', `${NO_SCHEME} another scheme`],
  ['http://s3cret:70000', 'url must be an address with a host and, if any, a port from 0 to 65535'],
  [undefined, 'url must be a string; received undefined'],
  [new URL('http://s3cret'), 'url must be a string; received'],
])('fetchReading(%j) throws a ValidationError without the address', async (url, message) => {
  const error: unknown = await fetchReading(url as string).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ValidationError)
  expect(String(error)).toContain(message)
  expect(String(error)).not.toContain('s3cret')
})

test('prints each reading as a line of JSON', async () => {
  const page = `http://${address}/metrics`
  const { code, out } = await run('watch', page, '--json', '--count', '2', '--interval', '0.05')
  const lines = out.trimEnd().split('\n')
  expect([code, lines.length]).toEqual([0, 2])
  const { hits, misses, errors, alerts } = JSON.parse(lines[1] ?? '')
  expect([hits / (hits + misses), errors, alerts]).toEqual([0.75, 1, expect.any(Array)])
})

test.each([[['--help']], [['watch', '--help']]])('shows examples for %j', async (args) => {
  const { code, out } = await run(...args)
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/\nExamples:\n {2}cache-monitor watch http:/),
  ])
})

test('ends without an error when the reader of a pipe closes it', async () => {
  const args = ['watch', `http://${address}/metrics`, '--interval', '0.05']
  const { code, out, err } = await runPiped(CLI, args, 'head -2')
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/^127\.0\.0\.1:\d+\/metrics, every 0\.05 s\n\n$/)
  const unread = await runPiped(CLI, args, 'true')
  expect(unread).toMatchObject({ code: 0, err: '' })
})

test('goes on when only standard error is closed', async () => {
  const args = ['watch', `http://${address}/absent`]
  expect(await runPiped(CLI, args, 'true', { redirect: '2>&1' })).toMatchObject({
    code: 1,
    err: '',
  })
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('ends without a stack and with its code on %s', async (signal, code) => {
  const { child, outcome } = startProgram(CLI, ['watch', `http://${address}/metrics`])
  await once(child.stdout, 'data')
  child.kill(signal)
  expect(await outcome).toMatchObject({ code, err: '' })
})
