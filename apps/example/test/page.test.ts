import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SAMPLE_NAMES } from './support/samples.js'
import { startService } from './support/service.js'

test.each<[url: string, type: string]>([
  ['/', 'text/html'],
  ['/page.js', 'javascript'],
  ['/page.css', 'text/css'],
  ...SAMPLE_NAMES.map((name) => [`/samples/${name}.txt`, 'text/plain'] satisfies [string, string]),
])('the service sends %s as %s', async (url, type) => {
  const { app } = await startService()
  const reply = await app.inject(url)
  expect(reply.statusCode).toBe(200)
  expect(reply.headers['content-type']).toContain(type)
})

const PAGE_FILES = readdirSync(new URL('../page/', import.meta.url)).map((name) => `/${name}`)

test('the page loads nothing from other sites and never writes HTML', async () => {
  const { app } = await startService()
  for (const file of PAGE_FILES) {
    const { body } = await app.inject(file)
    expect(body.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//)
    expect(body).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write/)
  }
  const { headers } = await app.inject('/')
  expect(headers['content-security-policy']).toMatch(/^default-src 'self';.*frame-ancestors 'none'/)
  expect(headers['x-content-type-options']).toBe('nosniff')
})
