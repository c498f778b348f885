import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ModelServer } from '@verbatim/model-server'
import { runProgram, startProgram } from '@verbatim/test-support'
import { afterAll, expect, test } from 'vitest'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const server = await ModelServer.start()
afterAll(() => server[Symbol.asyncDispose]())

test('proxy serves requests from memory until SIGTERM', async () => {
  const { child, outcome } = startProgram(CLI, ['proxy', '--upstream', server.url, '--port', '0'])
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const [, url = ''] = /^listening on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(String(line)) ?? []
  const statuses: unknown[] = []
  let key = ''
  for (const _ of [1, 2]) {
    const body = JSON.stringify({
      model: 'gpt-test',
      messages: [{ role: 'user', content: 'Tea?' }],
    })
    const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body })
    statuses.push(response.headers.get('x-cache'))
    key = response.headers.get('x-cache-key') ?? ''
    await response.text()
  }
  expect(statuses).toEqual(['MISS', 'HIT'])
  expect(server.requests).toHaveLength(1)
  const known = await runProgram(CLI, ['explain', key, '--proxy', url])
  expect(known.out).toBe('no recent request of this caller is similar\n')
  const { code, err } = await runProgram(CLI, ['explain', 'unknown', '--proxy', url])
  expect([code, err]).toEqual([1, expect.stringContaining('the proxy knows no miss with this key')])
  const other = await runProgram(CLI, ['explain', key, '--proxy', server.url])
  expect([other.code, other.err]).toEqual([
    1,
    'error: --proxy must be the address of a running cache-ai proxy\n',
  ])
  child.kill('SIGTERM')
  const { out, err: warnings } = await outcome
  expect(out).toMatch(/^listening on /)
  // Without a location, no Redis is looked for.
  expect(warnings).toBe('')
}, 120_000)

test.each([
  [['--upstream', 'example.com'], '--upstream must be'],
  [['--upstream', 'https://user:secret@example.com'], '--upstream must be'],
  [['--upstream', 'https://:secret@example.com'], '--upstream must be'],
  [['--upstream', 'https://example.com', '--port', 'x'], '--port must be'],
  [['--upstream', 'https://example.com', '--redis-url', 'secret'], '--redis-url must be'],
  [['--upstream', 'https://example.com', '--ttl', 'soon'], 'ttl must be'],
])('proxy names a wrong option: %j', async (args, message) => {
  const { code, err } = await runProgram(CLI, ['proxy', ...args])
  expect(code).not.toBe(0)
  expect(err).toContain(message)
  expect(err).not.toContain('secret')
})

test('explain names an address without http://', async () => {
  const { code, err } = await runProgram(CLI, ['explain', 'key', '--proxy', 'localhost:4141'])
  expect([code, err]).toEqual([2, expect.stringContaining('--proxy must be an http://')])
})
