import { findChromium } from '@verbatim/test-support'
import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import type { Analyzer } from '../../src/routes/process.js'
import {
  analyzeInPool,
  startService,
  type TestService,
  type TestServiceOptions,
} from './service.js'

/** Options of the page, and of its service. */
interface PageOptions extends TestServiceOptions {
  /** The width in pixels. Default: 390, a telephone. */
  readonly width?: number
  /** The height in pixels. Default: 844. */
  readonly height?: number
  readonly reducedMotion?: 'reduce'
}

interface OpenPage extends TestService {
  readonly page: Page
  readonly address: string
  /** Errors and warnings on the console of the browser. */
  readonly complaints: readonly string[]
}

interface PageTools {
  readonly browser: () => Browser
  /** Opens the page of a new service. */
  readonly openPage: (options?: PageOptions) => Promise<OpenPage>
}

const chromiumPath = findChromium()
if (chromiumPath === undefined) {
  const reason = 'no Chromium: set CHROMIUM_BIN, or put chromium on the PATH'
  if (process.env['CI']) throw new Error(reason)
  console.warn(`tests of the page skipped: ${reason}`)
}

/** Tests of the page are skipped without a Chromium, except where `CI` is set. */
export const hasChromium = chromiumPath !== undefined

/** Starts one Chromium for the tests of a `describe`. */
export function useBrowser(): PageTools {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath ?? '', args: ARGUMENTS })
  }, 60_000)
  afterAll(() => browser?.close())
  return { browser: () => browser, openPage: (options) => openPage(browser, options) }
}

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

async function openPage(
  browser: Browser,
  { width = 390, height = 844, reducedMotion, ...options }: PageOptions = {},
): Promise<OpenPage> {
  const service = await startService(options)
  const address = await service.app.listen({ host: '127.0.0.1', port: 0 })
  const page = await browser.newPage({
    viewport: { width, height },
    ...(reducedMotion && { reducedMotion }),
  })
  onTestFinished(() => page.close())
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(address)
  return { ...service, page, address, complaints }
}

/** Presses the button and waits until the service has answered. */
export async function analyse(page: Page): Promise<void> {
  const answered = page.waitForResponse('**/process')
  await page.getByRole('button', { name: 'Analyse' }).click()
  await answered
}

/** Chooses an operation by its label. */
export async function choose(page: Page, operation: string): Promise<void> {
  await page.getByLabel('Operation').selectOption({ label: operation })
}

/** Waits for the badge of an answer. */
export async function waitForBadge(page: Page, status: 'HIT' | 'STALE' | 'MISS'): Promise<void> {
  await page.locator('#badge', { hasText: status }).waitFor()
}

/** Returns the rules of WCAG at level A or AA that the page breaks. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const run = `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`
  const { violations } = await page.evaluate<axe.AxeResults>(run)
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/** Analyses that wait until they are released, and then do the real work. */
export class HeldAnalyses {
  readonly signals: AbortSignal[] = []
  readonly #releases: Array<() => void> = []

  readonly analyzer: Analyzer = async (text, task, signal) => {
    this.signals.push(signal)
    await new Promise<void>((resolve, reject) => {
      this.#releases.push(resolve)
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
    return analyzeInPool(text, task, signal)
  }

  /** Releases the analyses that wait now. */
  release(): void {
    for (const release of this.#releases.splice(0)) release()
  }
}
