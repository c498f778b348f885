import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Dashboard } from '@verbatim/cache-monitoring/dashboard'
import { findChromium } from '@verbatim/test-support'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'

export const apiKey = 'a-key-for-the-page'

const executablePath = findChromium()
if (executablePath === undefined && process.env['CI']) throw new Error('no Chromium')

/** Tests of the page are skipped without a Chromium, except where `CI` is set. */
export const hasChromium = executablePath !== undefined

/** Serves a dashboard until the end of the test. */
export async function serve(shown: Dashboard): Promise<Server> {
  const own = createServer(shown.listener).listen(0, '127.0.0.1')
  await once(own, 'listening')
  onTestFinished(() => {
    shown.close()
    own.closeAllConnections()
    own.close()
  })
  return own
}

export interface Opened {
  readonly page: Page
  /** Errors on the console, and requests to other hosts. */
  readonly complaints: readonly string[]
}

type Open = (
  opened: Server,
  hash: string,
  context?: BrowserContextOptions,
  prepare?: (page: Page) => Promise<void>,
) => Promise<Opened>

/** Starts one Chromium for the tests of a `describe`, and returns a function that opens a page of a dashboard. */
export function useBrowser(): Open {
  let browser: Browser
  beforeAll(async () => {
    const args = [
      '--no-sandbox',
      '--disable-quic',
      '--disable-background-networking',
      '--no-first-run',
    ]
    browser = await chromium.launch({ executablePath: executablePath ?? '', args })
  }, 60_000)
  afterAll(() => browser?.close())
  return (...opened) => open(browser, ...opened)
}

async function open(
  browser: Browser,
  opened: Server,
  hash: string,
  context: BrowserContextOptions = {},
  prepare: (page: Page) => Promise<void> = async () => undefined,
): Promise<Opened> {
  const { port } = opened.address() as AddressInfo
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...context })
  onTestFinished(() => page.close())
  await prepare(page)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('request', (request) => {
    const { hostname } = new URL(request.url())
    if (hostname !== '127.0.0.1') complaints.push(request.url())
  })
  await page.goto(`http://127.0.0.1:${port}/${hash}`)
  return { page, complaints }
}

export async function enterKey(page: Page): Promise<void> {
  await page.getByLabel('Key', { exact: true }).fill(apiKey)
  await page.keyboard.press('Enter')
}

/** Returns the rules of WCAG at level A or AA that the page breaks. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const run = `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`
  const { violations } = await page.evaluate<axe.AxeResults>(run)
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}
