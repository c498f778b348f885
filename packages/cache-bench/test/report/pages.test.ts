import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { findChromium } from '@verbatim/test-support'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CellResult, RunReport } from '../../src/cells/run-report.js'
import { LatencyHistogram, reporter } from '../../src/index.js'
import { formatRunPage } from '../../src/report/run-page.js'
import { runWith } from '../cells/runs.js'
import { resultWith, suiteWith } from '../results.js'

const chromiumPath = findChromium()
if (chromiumPath === undefined && process.env['CI']) {
  throw new Error('no Chromium: set CHROMIUM_BIN, or put chromium on the PATH')
}

const NAMES = ['map', 'a cache with quite a long name, and an option: true', '</script><b>bold</b>']

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Returns the places of all titles, notes and charts of a page, from top to bottom. */
const BOXES = `[...document.querySelectorAll('h1, h2, section > p, canvas, summary')]
  .map((element) => element.getBoundingClientRect())
  .map(({ left, right, top, bottom }) => ({ left, right, top, bottom }))`

/** Returns a run of three caches with every kind of chart. */
function richRun(): RunReport {
  const base = runWith([])
  const latencies = new LatencyHistogram()
  for (let index = 1; index <= 1_000; index++) latencies.record(index / 100)
  const seconds = [1, 2, 3].map((second) => ({ second, completed: 500, failed: 0, p99: second }))
  const cells = NAMES.flatMap((cache, index): CellResult[] => {
    const value = 100 * 30 ** index
    const common = { better: 'lower', value } as const
    return [
      { cache, scenario: 'get', process: 0, figures: [{ name: 'get', unit: 'ns', ...common }] },
      {
        cache,
        scenario: 'open loop',
        process: 0,
        figures: [{ name: 'p50', unit: 'ms', ...common, histogram: latencies.encode(), seconds }],
      },
      {
        cache,
        scenario: 'compression',
        process: 0,
        figures: [
          { name: 'set of a text', unit: 'ns', ...common },
          { name: 'set of a text: bytes sent', unit: 'bytes', ...common },
        ],
      },
      {
        cache,
        scenario: 'memory',
        process: 0,
        figures: [{ name: 'bytes per entry', unit: 'bytes', ...common }],
      },
    ]
  })
  const failed = { tier: 'memory', setup: 'stock', versions: {}, failures: ['broken'] } as const
  const [first] = base.caches
  const caches = NAMES.map((name) => Object.assign({}, first, { name }))
  return { ...base, cells, caches: [...caches, { name: 'broken one', ...failed }] }
}

test('the CommonJS build writes the same page', () => {
  const { reporter: commonJsReporter } = createRequire(import.meta.url)('../../dist/cjs/index.js')
  const suite = suiteWith([resultWith()])
  expect(commonJsReporter('html').report(suite)).toBe(reporter('html').report(suite))
})

test('a page contains no text that could end its script', () => {
  expect(formatRunPage(richRun())).not.toContain('</script><b>')
})

describe.skipIf(chromiumPath === undefined)('a page in Chromium', () => {
  let folder: string
  let browser: Browser
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cache-bench-pages-'))
    browser = await chromium.launch({
      executablePath: chromiumPath ?? '',
      args: ['--no-sandbox', '--disable-background-networking', '--no-first-run'],
    })
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  interface Opened {
    readonly page: Page
    readonly complaints: string[]
    readonly requests: string[]
  }

  async function open(
    html: string,
    theme: 'dark' | 'light' | 'print',
    width = 1_000,
  ): Promise<Opened> {
    const file = path.join(folder, `${theme}-${width}.html`)
    await writeFile(file, html)
    const page = await browser.newPage({ viewport: { width, height: 900 } })
    const complaints: string[] = []
    const requests: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => requests.push(request.url()))
    if (theme === 'print') await page.emulateMedia({ media: 'print' })
    else await page.emulateMedia({ colorScheme: theme })
    await page.goto(pathToFileURL(file).href)
    await page.waitForFunction('document.documentElement.dataset.drawn !== undefined')
    return { page, complaints, requests }
  }

  /** Returns the number of pixels of each canvas that are drawn, and the number of their colors. */
  function canvases(page: Page): Promise<{ drawn: number; colors: number }[]> {
    return page.evaluate(`[...document.querySelectorAll('canvas')].map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      const pixels = new Uint32Array(data.buffer).filter((pixel) => pixel !== 0)
      return { drawn: pixels.length, colors: new Set(pixels).size }
    })`)
  }

  test.each(['light', 'dark', 'print'] as const)(
    'has all its charts, without overlaps, in %s',
    async (theme) => {
      const { page, complaints, requests } = await open(formatRunPage(richRun()), theme)
      const drawn = await canvases(page)
      // Bars of four scenarios, percentiles, throughput and p99 over time, and size against time.
      expect(drawn).toHaveLength(8)
      for (const canvas of drawn) {
        expect(canvas.drawn).toBeGreaterThan(2_000)
        expect(canvas.colors).toBeGreaterThan(3)
      }
      const boxes = await page.evaluate<Box[]>(BOXES)
      expect(boxes.length).toBeGreaterThan(20)
      for (const { left, right } of boxes) {
        expect(left).toBeGreaterThanOrEqual(0)
        expect(right).toBeLessThanOrEqual(1_000)
      }
      for (const [index, { top }] of boxes.slice(1).entries()) {
        expect(top).toBeGreaterThanOrEqual((boxes[index]?.bottom ?? 0) - 1)
      }
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor')
      expect(background).toBe(theme === 'dark' ? 'rgb(13, 17, 23)' : 'rgb(255, 255, 255)')
      const screenshot = await page.screenshot({ fullPage: true })
      expect(screenshot.length).toBeGreaterThan(30_000)
      expect(complaints).toEqual([])
      expect(requests).toHaveLength(1)
      await page.close()
    },
    60_000,
  )

  test('draws its texts in the color of a theme that changes while the page is open', async () => {
    const { page } = await open(formatRunPage(richRun()), 'light')
    const before = await page.locator('canvas').first().screenshot()
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect
      .poll(async () => {
        return page.evaluate('Object.values(Chart.instances)[0].options.scales.y.ticks.color')
      })
      .toBe('#e6edf3')
    expect(await page.locator('canvas').first().screenshot()).not.toEqual(before)
    await page.close()
  }, 60_000)

  test('fits a telephone', async () => {
    const { page } = await open(formatRunPage(richRun()), 'light', 390)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await page.close()
  }, 60_000)

  test('shows failures, and names as text', async () => {
    const { page } = await open(formatRunPage(richRun()), 'light')
    const text = await page.evaluate<string>('document.body.innerText')
    expect(text).toContain('Not timed: broken one: broken')
    expect(await page.locator('main b').count()).toBe(0)
    await page.close()
  }, 60_000)

  test('shows a suite', async () => {
    const suite = suiteWith([resultWith(), resultWith({ operationType: 'compression_efficiency' })])
    const { page, complaints } = await open(reporter('html').report(suite), 'light')
    expect(await canvases(page)).toHaveLength(3)
    expect(complaints).toEqual([])
    await page.close()
  }, 60_000)
})
