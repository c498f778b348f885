import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { InMemoryCache } from '@verbatim/cache-memory'
import { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import { Dashboard } from '@verbatim/cache-monitoring/dashboard'
import express from 'express'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const apiKey = 'a-key-for-the-mounts'
const monitor = new CachePerformanceMonitor()
const cache = new InMemoryCache({ performanceMonitor: monitor })
const dashboard = new Dashboard({ monitor, caches: { users: cache }, apiKey })
afterAll(() => dashboard.close())

const MOUNTS: Record<string, { path: string; start: () => Promise<Server> }> = {
  'node:http': {
    path: '/',
    start: async () => createServer(dashboard.listener).listen(0, '127.0.0.1'),
  },
  Express: {
    path: '/internal/dashboard/',
    start: async () => {
      const app = express()
      app.use('/internal/dashboard', dashboard.listener)
      return app.listen(0, '127.0.0.1')
    },
  },
  'Express after a parser of bodies': {
    path: '/internal/dashboard/',
    start: async () => {
      const app = express()
      app.use(express.json())
      app.use('/internal/dashboard', dashboard.listener)
      return app.listen(0, '127.0.0.1')
    },
  },
  Fastify: {
    path: '/internal/dashboard/',
    start: async () => {
      const app = fastify()
      app.register(dashboard.fastify, { prefix: '/internal/dashboard' })
      await app.listen({ port: 0, host: '127.0.0.1' })
      return app.server
    },
  },
}

describe.each(Object.entries(MOUNTS))('%s', (_name, { path, start }) => {
  let server: Server
  let address: string
  beforeAll(async () => {
    server = await start()
    if (!server.listening) await once(server, 'listening')
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  test('the page and its files load below the mounted path', async () => {
    const page = await fetch(`${address}${path}`)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toContain('text/html')
    const [, script = ''] = /src="\.\/(assets\/[^"]+)"/.exec(await page.text()) ?? []
    const loaded = await fetch(`${address}${path}${script}`)
    expect(loaded.headers.get('content-type')).toContain('text/javascript')
    const again = await fetch(`${address}${path}${script}`, {
      headers: { 'if-none-match': loaded.headers.get('etag') ?? '' },
    })
    expect(again.status).toBe(304)
  })

  test('the path without a slash leads to the page', async () => {
    const page = await fetch(`${address}${path.slice(0, -1)}`)
    expect(page.url).toBe(`${address}${path}`)
    expect(page.status).toBe(200)
  })

  test('a change with the key is made, and a body that is too long is refused', async () => {
    await cache.set('key', 'value')
    const send = (key: string): Promise<Response> =>
      fetch(`${address}${path}api/delete`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ cache: 'users', key }),
      })
    expect((await send('k'.repeat(20_000))).status).toBe(413)
    expect(await (await send('key')).json()).toEqual({ removed: 1 })
    expect(await cache.exists('key')).toBe(false)
  })

  test('methods without an answer are refused, and HEAD opens no live stream', async () => {
    const live = `${address}${path}api/live`
    for (const method of ['OPTIONS', 'PUT', 'PATCH', 'DELETE']) {
      const refused = await fetch(live, { method })
      expect([method, refused.status, refused.headers.get('allow')]).toEqual([
        method,
        405,
        'GET, HEAD',
      ])
    }
    // More than the number of streams that may be open.
    for (let opened = 0; opened <= 100; opened++) {
      expect((await fetch(live, { method: 'HEAD' })).status).toBe(200)
    }
    const { hostname, port } = new URL(address)
    const socket = connect(Number(port), hostname)
    socket.write(`TRACE ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`)
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 405 /)
  })

  test('a proxy may put the page below another path', async () => {
    const proxy = createServer((incoming, outgoing) => {
      const target = `${address}${(incoming.url ?? '').replace(/^\/behind\/a\/proxy/, '')}`
      request(target, { method: incoming.method }, (reply) => {
        outgoing.writeHead(reply.statusCode ?? 500, reply.headers)
        reply.pipe(outgoing)
      }).end()
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const { port } = proxy.address() as AddressInfo
    // The page at the root of a server cannot know that the proxy has removed more than the root.
    const asked = path === '/' ? path : path.slice(0, -1)
    const page = await fetch(`http://127.0.0.1:${port}/behind/a/proxy${asked}`)
    expect(page.url).toBe(`http://127.0.0.1:${port}/behind/a/proxy${path}`)
    const [, script = ''] = /src="\.\/(assets\/[^"]+)"/.exec(await page.text()) ?? []
    expect((await fetch(new URL(script, page.url))).status).toBe(200)
    expect((await fetch(new URL('api/overview', page.url))).status).toBe(200)
    proxy.closeAllConnections()
    proxy.close()
  })

  test('the live stream sends the figures, and ends when the client leaves', async () => {
    const response = await fetch(`${address}${path}api/live?range=1m`)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    const { value = '' } = (await reader?.read()) ?? {}
    expect(JSON.parse(value.slice('data: '.length))).toMatchObject({
      range: '1m',
      rangeSeconds: 60,
    })
    await reader?.cancel()
  })
})
