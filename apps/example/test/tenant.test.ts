import { request } from 'node:http'
import { expect, test } from 'vitest'
import { type ProcessAnswer, startService } from './support/service.js'

const payload = { text: 'It rained all day.', operation: 'sentiment' }

type Headers = Record<string, string>

async function askWith(
  app: Awaited<ReturnType<typeof startService>>['app'],
  headers: Headers,
  url = '/process',
): Promise<{ status: number; cache: ProcessAnswer['cache'] | undefined; body: string }> {
  const reply = await app.inject({ method: 'POST', url, headers, payload })
  const { cache } = reply.json<Partial<ProcessAnswer>>()
  return { status: reply.statusCode, cache, body: reply.body }
}

test('a tenant hits its own answers and never those of another tenant', async () => {
  const { app } = await startService({ tenantHeader: 'x-tenant' })
  const statuses: Array<string | undefined> = []
  for (const tenant of ['ada', 'charles', 'ada', 'charles']) {
    statuses.push((await askWith(app, { 'X-Tenant': tenant })).cache?.status)
  }
  expect(statuses).toEqual(['miss', 'miss', 'hit', 'hit'])
})

test.each<[given: string, headers: Headers]>([
  ['no header', {}],
  ['an empty header', { 'x-tenant': '' }],
  ['a header with two names', { 'x-tenant': 'ada, charles' }],
  ['a header that holds another part of a key', { 'x-tenant': 'ada|op:qa' }],
  ['a name of 129 characters', { 'x-tenant': 'a'.repeat(129) }],
])('%s is a 401 when a tenant is required', async (_given, headers) => {
  const { app } = await startService({ tenantHeader: 'x-tenant' })
  const { status, body } = await askWith(app, headers)
  expect(status).toBe(401)
  expect(JSON.parse(body)).toHaveProperty('error.code', 'UNAUTHENTICATED')
  expect(body).not.toMatch(/ada|charles/)
})

test('a header that is sent twice is rejected, because one of the two may be forged', async () => {
  const { app } = await startService({ tenantHeader: 'x-tenant' })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'x-tenant': ['ada', 'charles'] }
    request(`${address}/process`, { method: 'POST', headers }, (reply) => {
      reply.resume()
      resolve(reply.statusCode)
    })
      .once('error', reject)
      .end(JSON.stringify(payload))
  })
  expect(status).toBe(401)
})

test('a tenant in the address is ignored', async () => {
  const { app } = await startService({ tenantHeader: 'x-tenant' })
  expect((await askWith(app, {}, '/process?tenant=ada&x-tenant=ada')).status).toBe(401)
})

test('the header is ignored when the service is not configured to trust it', async () => {
  const { app } = await startService()
  expect((await askWith(app, { 'x-tenant': 'ada' })).cache?.status).toBe('miss')
  expect((await askWith(app, { 'x-tenant': 'charles' })).cache?.status).toBe('hit')
})
