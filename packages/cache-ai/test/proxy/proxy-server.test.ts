import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { InMemoryCache } from '@verbatim/cache-memory'
import { ModelServer } from '@verbatim/model-server'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ProxyServer } from '../../src/proxy/proxy-server.js'

const run = promisify(execFile)

async function runs(program: string): Promise<boolean> {
  try {
    await run(program, ['--version'])
    return true
  } catch {
    return false
  }
}

const server = await ModelServer.start()
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => server.reset())

const opened: ProxyServer[] = []
afterEach(async () => {
  for (const proxy of opened.splice(0)) await proxy.close()
})

async function openProxy(options: { isShared?: boolean; upstream?: string } = {}): Promise<string> {
  const { isShared = false, upstream = server.url } = options
  const proxy = new ProxyServer({
    cache: new InMemoryCache(),
    upstream: new URL(upstream),
    isShared,
  })
  opened.push(proxy)
  return proxy.listen(0, '127.0.0.1')
}

const TEXT = 'Boil, then pour.'
/** Sends a request twice, and prints the statuses and the answer. */
const PYTHON = `
import sys, urllib.request
url, body = sys.argv[1], sys.argv[2].encode()
headers = {'content-type': 'application/json', 'authorization': 'Bearer ada'}
statuses = []
for _ in range(2):
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request) as response:
        statuses.append(response.headers['x-cache'])
        answer = response.read().decode()
print(*statuses)
print(answer)
`
const hasPython = await runs('python3')
const body = {
  model: 'gpt-test',
  messages: [{ role: 'user' as const, content: 'How do I make tea?' }],
}

function post(url: string, token = 'ada', more: object = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const text = JSON.stringify({ ...body, ...more })
  return fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: text })
}

describe('the proxy', () => {
  test('serves calls and streams of the client of OpenAI from the cache', async () => {
    const openai = new OpenAI({ apiKey: 'test', baseURL: `${await openProxy()}/v1` })
    for (const _ of [1, 2]) {
      const { choices } = await openai.chat.completions.create(body)
      expect(choices[0]?.message.content).toBe(TEXT)
      let text = ''
      for await (const chunk of await openai.chat.completions.create({ ...body, stream: true }))
        text += chunk.choices[0]?.delta.content ?? ''
      expect(text).toBe(TEXT)
    }
    expect(server.requests).toHaveLength(1)
  })

  test('passes credentials on, and never shares answers between them', async () => {
    const url = await openProxy()
    const statuses: unknown[] = []
    for (const token of ['ada', 'charles', 'ada']) {
      const response = await post(url, token)
      statuses.push(response.headers.get('x-cache'))
      await response.text()
    }
    expect(statuses).toEqual(['MISS', 'MISS', 'HIT'])
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer ada',
      'Bearer charles',
    ])
  })

  test.each(['x-portkey-api-key', 'cf-aig-authorization', 'x-session-token'])(
    'never shares answers between callers with another %s',
    async (name) => {
      const url = await openProxy()
      for (const credential of ['ada', 'charles']) {
        const init = { method: 'POST', headers: { [name]: credential }, body: JSON.stringify(body) }
        await (await fetch(`${url}/v1/chat/completions`, init)).text()
      }
      expect(server.requests).toHaveLength(2)
    },
  )

  test('shares answers between calls of one caller with other idempotency keys', async () => {
    const url = await openProxy()
    for (const key of ['1', '2']) {
      const headers = { authorization: 'Bearer ada', 'idempotency-key': key }
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      await (await fetch(`${url}/v1/chat/completions`, init)).text()
    }
    expect(server.requests).toHaveLength(1)
  })

  test('shares answers between credentials with isShared', async () => {
    const url = await openProxy({ isShared: true })
    for (const token of ['ada', 'charles']) await (await post(url, token)).text()
    expect(server.requests).toHaveLength(1)
  })

  test('passes unknown requests and errors through', async () => {
    const url = await openProxy()
    const models = await fetch(`${url}/v1/models`)
    expect([models.status, models.headers.get('x-cache')]).toEqual([200, 'BYPASS'])
    server.fault = 'status'
    expect((await post(url)).status).toBe(500)
    server.fault = undefined
    expect((await post(url)).headers.get('x-cache')).toBe('MISS')
  })

  test('responds with status 502 when the provider cannot be reached', async () => {
    const response = await post(await openProxy({ upstream: 'http://127.0.0.1:9' }))
    expect([response.status, await response.text()]).toEqual([
      502,
      '{"error":{"message":"the provider could not be reached","type":"bad_gateway"}}',
    ])
  })

  test('passes unknown requests on as they are', async () => {
    const asked: unknown[] = []
    const upstream = createServer((request, response) => {
      const { method, url, headers } = request
      asked.push([method, url, headers['content-type']])
      response.end('{}')
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    const { port } = upstream.address() as AddressInfo
    const url = await openProxy({ upstream: `http://127.0.0.1:${port}` })
    const requests = [
      ['POST', '//'],
      ['POST', '//v1/chat/completions?a=1'],
      ['DELETE', '/v1/files/1'],
    ] as const
    for (const [method, path] of requests) await (await fetch(`${url}${path}`, { method })).text()
    expect(asked).toEqual(requests.map(([method, path]) => [method, path, undefined]))
    upstream.close()
  })

  test('responds with status 413 to a body that is too large', async () => {
    const large = new Uint8Array(64 * 2 ** 20 + 1)
    const response = await fetch(`${await openProxy()}/v1/files`, { method: 'POST', body: large })
    expect([response.status, await response.json()]).toMatchObject([
      413,
      { error: { type: 'request_too_large' } },
    ])
    expect(server.requests).toEqual([])
  })

  test('ends the request to the provider when the last client leaves', async () => {
    server.pauseMs = 50
    const response = await post(await openProxy(), 'ada', { stream: true })
    await response.body?.cancel()
    await expect.poll(() => server.requests[0]?.isAborted).toBe(true)
  })

  test('serves health and metrics without names of callers', async () => {
    const url = await openProxy()
    for (const _ of [1, 2]) await (await post(url)).text()
    expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n')
    expect((await fetch(`${url}/healthz`, { method: 'HEAD' })).status).toBe(200)
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toContain('verbatim_model_calls_total{status="HIT"} 1\n')
    expect(metrics).toContain('verbatim_model_calls_total{status="MISS"} 1\n')
    expect(metrics).not.toContain('ada')
  })

  test('explains a miss by the key of the response', async () => {
    const url = await openProxy()
    await (await post(url)).text()
    const response = await post(url, 'ada', { temperature: 1 })
    await response.text()
    const explanation = await fetch(`${url}/explain/${response.headers.get('x-cache-key')}`)
    expect(await explanation.json()).toMatchObject({ path: 'temperature' })
    expect((await fetch(`${url}/explain/unknown`)).status).toBe(404)
  })

  test('passes each cookie of the provider on', async () => {
    const upstream = createServer((_request, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']).end('{}')
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    const { port } = upstream.address() as AddressInfo
    const response = await post(await openProxy({ upstream: `http://127.0.0.1:${port}` }))
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    await response.text()
    upstream.close()
  })

  test.skipIf(!hasPython)('serves the standard library of Python, also in streams', async () => {
    const url = await openProxy()
    for (const more of [{}, { stream: true }]) {
      const text = JSON.stringify({ ...body, ...more })
      const { stdout } = await run('python3', ['-c', PYTHON, `${url}/v1/chat/completions`, text])
      const [statuses = '', ...answers] = stdout.split('\n')
      expect(statuses).toBe('stream' in more ? 'HIT HIT' : 'MISS HIT')
      for (const word of ['Boil, ', 'pour.']) expect(answers.join()).toContain(word)
    }
    expect(server.requests).toHaveLength(1)
  })

  test('serves curl', async () => {
    const url = `${await openProxy()}/v1/chat/completions`
    const args = [
      '-sS',
      '-i',
      '-H',
      'content-type: application/json',
      '-d',
      JSON.stringify(body),
      url,
    ]
    const outputs = [await run('curl', args), await run('curl', args)].map(({ stdout }) => stdout)
    expect(outputs[0]).toContain('x-cache: MISS')
    expect(outputs[1]).toContain('x-cache: HIT')
    expect(outputs[1]).toContain(TEXT)
  })
})
