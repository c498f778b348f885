import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'
import { InMemoryCache } from '@verbatim/cache-memory'
import { CachePerformanceMonitor, combineMonitors } from '@verbatim/cache-monitoring'
import { Dashboard, RequestTracer } from '@verbatim/cache-monitoring/dashboard'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { startRedis } from '@verbatim/test-support'
import { afterAll, describe, expect, test } from 'vitest'
import {
  accessibilityProblems,
  apiKey,
  enterKey,
  hasChromium,
  type Opened,
  serve,
  useBrowser,
} from './browser.js'

const ignore = (): void => undefined
const LARGEST_PAGE_BYTES = 150_000

const monitor = new CachePerformanceMonitor({ name: 'answers' })
const cache = new InMemoryCache({ performanceMonitor: monitor })
const tracer = new RequestTracer()
const dashboard = new Dashboard({ monitor, tracer, caches: { users: cache }, apiKey })
const server = createServer(dashboard.listener).listen(0, '127.0.0.1')
afterAll(() => {
  dashboard.close()
  server.closeAllConnections()
  server.close()
})

test('the page takes at most 150 KB when it is compressed', async () => {
  const page = await (await dashboard.fetch(new Request('http://host/'))).text()
  const names = [...page.matchAll(/(?:src|href)="(?:\.\/)?(assets\/[^"]+)"/g)].map(
    ([, name]) => name,
  )
  expect(names).toHaveLength(3)
  let bytes = gzipSync(page).length
  for (const name of names) {
    const headers = { 'accept-encoding': 'gzip' }
    const file = await dashboard.fetch(new Request(`http://host/${name}`, { headers }))
    expect(file.headers.get('content-encoding')).toBe('gzip')
    bytes += (await file.arrayBuffer()).byteLength
  }
  expect(bytes).toBeGreaterThan(10_000)
  expect(bytes).toBeLessThanOrEqual(LARGEST_PAGE_BYTES)
})

describe.skipIf(!hasChromium)('in a browser', { timeout: 90_000 }, () => {
  const openOn = useBrowser()
  const open = (hash: string, context = {}, opened = server): Promise<Opened> =>
    openOn(opened, hash, context)

  test('the overview shows the figures, and follows them without a reload', async () => {
    const { page, complaints } = await open('')
    await cache.set('user:1', 'Ada')
    for (let read = 0; read < 3; read++) await cache.get('user:1')
    await cache.get('absent')
    const ratio = page.locator('.tile', { hasText: 'Hit ratio' }).locator('.value')
    await ratio.getByText('75.0 %').waitFor()
    await cache.get('user:1')
    await ratio.getByText('80.0 %').waitFor()
    expect(await page.getByRole('status').textContent()).toBe('Live')
    const chart = page.getByRole('img', { name: /^Requests by outcome, newest: Memory hits / })
    expect(await chart.locator('canvas').count()).toBe(1)
    await page.getByText('24 h').click()
    await page.getByText('no reads in 24 h').waitFor()
    expect(complaints).toEqual([])
  })

  test.each([
    ['dark', 1280],
    ['light', 390],
  ] as const)(
    'no page breaks a rule of accessibility in %s, %i pixels wide',
    async (colorScheme, width) => {
      dashboard.recordRequest({ outcome: 'hit', key: 'user:1', durationMs: 1, computeMs: 100 })
      await cache.set('user:1', 'Ada')
      const { page, complaints } = await open('#/requests', {
        colorScheme,
        viewport: { width, height: 844 },
      })
      await page.getByLabel('Key', { exact: true }).waitFor()
      expect(await accessibilityProblems(page)).toEqual([])
      await enterKey(page)
      for (const [name, loaded] of [
        ['Overview', 'Latency of reads by tier'],
        ['Settings', 'Running for'],
        ['Explorer', 'Keys that match'],
        ['Requests', 'Computation'],
      ] as const) {
        await page.getByRole('link', { name }).click()
        await page.getByText(loaded).first().waitFor()
        expect(await accessibilityProblems(page)).toEqual([])
        const scrolled = await page.evaluate('document.documentElement.scrollWidth')
        expect(scrolled).toBeLessThanOrEqual(width)
      }
      // The request without a key.
      expect(complaints.filter((text) => !text.includes('401'))).toEqual([])
    },
  )

  test('a wrong key is named, and the right key opens the requests', async () => {
    dashboard.recordRequest({
      outcome: 'hit',
      key: 'an <img> key',
      operation: 'summarize',
      tier: 'memory',
      durationMs: 1.5,
      computeMs: 1_501.5,
    })
    const { page } = await open('#/requests')
    await page.getByLabel('Key', { exact: true }).fill('wrong')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('This key is wrong.').waitFor()
    await enterKey(page)
    const row = page.getByRole('row', { name: /an <img> key/ })
    await row.waitFor()
    expect(await row.innerText()).toMatch(/hit\s+summarize\s+memory\s+1.5 ms\s+1.5 s\s+1.5 s/)
  })

  test('the trace of a miss shows memory, the computation and the store', async () => {
    const traced = new InMemoryCache({ performanceMonitor: combineMonitors(monitor, tracer) })
    await dashboard.trace(async () => {
      await traced.getOrSet('traced', () => 'value')
      const times = { durationMs: 20, computeMs: 15 }
      dashboard.recordRequest({ outcome: 'miss', key: 'traced', ...times })
    })
    const { page } = await open('#/requests')
    await enterKey(page)
    const row = page.getByRole('row', { name: /traced/ })
    await row.getByText('not requested recently').waitFor()
    await row.getByText('Trace', { exact: true }).click()
    await row.getByText('Memory: miss').waitFor()
    expect(await row.locator('li').allInnerTexts()).toEqual([
      expect.stringMatching(/^Memory: miss/),
      'Computation: done, 15 ms',
      expect.stringMatching(/^Store in memory: ok/),
    ])
    expect(await accessibilityProblems(page)).toEqual([])
  })

  test('the entries of an operation are found by its name', async () => {
    class Responses extends InMemoryCache {
      keyPattern({ operation = '*' }: { readonly operation?: string }): string {
        return `op:${operation}|*`
      }
    }
    const responses = new Responses()
    await responses.set('op:qa|1', 'an answer')
    await responses.set('op:summarize|1', 'a summary')
    const shown = new Dashboard({ monitor, caches: { responses }, apiKey })
    const { page } = await open('#/explorer', {}, await serve(shown))
    await enterKey(page)
    await page.getByLabel('Operation').fill('qa')
    await page.getByRole('button', { name: 'Show entries' }).click()
    await page.getByText('1 entry').waitFor()
    expect(await page.getByLabel('Keys that match').inputValue()).toBe('op:qa|*')
    await page.getByRole('button', { name: 'op:qa|1' }).waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
  })

  test('two open pages show that Redis is lost, and that it is back', async () => {
    await using redis = await startRedis()
    const observer = new CachePerformanceMonitor()
    await using answers = new GenericRedisCache({
      redisUrl: redis.url,
      performanceMonitor: observer,
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    })
    await answers.connect()
    const shown = new Dashboard({ monitor: observer, caches: { answers } })
    const own = await serve(shown)
    const tabs = [await open('', {}, own), await open('', {}, own)]
    const wait = async (...texts: string[]): Promise<void> => {
      for (const { page } of tabs) {
        const row = page.getByRole('row', { name: /^answers/ })
        for (const text of texts) await row.getByText(text).first().waitFor()
      }
    }
    await wait('memory and Redis', 'closed', 'live')
    await redis.stop('SIGKILL')
    await wait('Redis is unavailable', 'open', 'down')
    await redis.restart()
    await wait('memory and Redis', 'closed', 'live')
    expect(tabs.flatMap(({ complaints }) => complaints)).toEqual([])
  })

  test('the keyboard alone searches, opens, deletes and invalidates', async () => {
    await cache.clear()
    await cache.set('session:1', { token: 'do not show' }, '5m')
    await cache.set('session:2', { token: 'do not show' }, '5m')
    await cache.set('user:1', 'Ada')
    const { page } = await open('#/explorer')
    await enterKey(page)
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key)
    }
    await page.getByLabel('Keys that match').focus()
    await press('ControlOrMeta+a')
    await page.keyboard.type('session:*')
    await press('Enter')
    await page.getByText('2 entries').waitFor()
    await page.getByRole('button', { name: 'session:1' }).focus()
    await press('Enter')
    const value = page.locator('.value-text')
    await value.getByText('[text of 11 characters]').waitFor()
    await page.getByRole('button', { name: 'Show value' }).focus()
    await press('Enter')
    await value.getByText('do not show').waitFor()
    await press('Tab', 'Enter')
    await page.getByText('1 entry').waitFor()

    await page.getByRole('button', { name: 'Search' }).focus()
    await press('Tab', 'Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('matches 1 key.').waitFor()
    await press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    expect(await cache.exists('session:2')).toBe(true)
    await press('Enter')
    await dialog.getByRole('button', { name: 'Remove 1 key' }).focus()
    await press('Enter')
    await page.getByText('No key matches session:*.').waitFor()
    expect(await cache.exists('user:1')).toBe(true)
    await page.getByRole('cell', { name: 'dashboard, users' }).first().waitFor()
  })
})
