import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findChromium, findRedisServer, startRedis } from '@verbatim/test-support'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { AppProcess } from '../test/support/app-process.js'
import { readSample, SAMPLE_NAMES } from '../test/support/samples.js'

// Takes the screenshots of the docs: the page of the example, and its dashboard while two processes behind one Redis
// answer requests for a minute. Takes about two minutes.
//   pnpm --filter @verbatim/example screenshots [folder]

const FOLDER = process.argv[2] ?? fileURLToPath(new URL('../../../docs/images', import.meta.url))
const LOAD_SECONDS = 50
const POPULAR_TEXTS = 12
const PHONE = { width: 390, height: 844 }
const OPERATIONS = ['summarize', 'sentiment', 'key_points', 'questions'] as const
const apiKey = 'a-key-for-screenshots'

/** Parts of the samples that are analyzed in a moment. */
const TEXTS = SAMPLE_NAMES.flatMap((name) => {
  const sentences = readSample(name).split(/(?<=[.!?])\s+/)
  return sentences.map((_sentence, index) => sentences.slice(index, index + 3).join(' '))
})

await mkdir(FOLDER, { recursive: true })
await using redis = await startRedis()
const environment = { REDIS_URL: redis.url, API_KEY: apiKey, LOG_LEVEL: 'error' }
await using first = await AppProcess.start(environment)
await using second = await AppProcess.start(environment)
await using playground = await AppProcess.start({ START_REDIS: await findRedisServer() })
await using browser = await chromium.launch({
  executablePath: findChromium() ?? '',
  args: ['--no-sandbox'],
})

await shoot('playground-light', playground.address, {}, askTwice)
await shoot('playground-dark', playground.address, { colorScheme: 'dark' }, askTwice)

const stopping = new AbortController()
const load = Promise.all([sendLoad(first.address), sendLoad(second.address)])
await wait(LOAD_SECONDS * 1_000)
const dashboard = `${second.address}/internal/dashboard/`
await shoot('overview-light', dashboard, {}, showMinute)
await shoot('overview-dark', dashboard, { colorScheme: 'dark' }, showMinute)
await shoot('overview-phone', dashboard, { viewport: PHONE }, showMinute, { fullPage: true })
await shoot('requests-dark', `${dashboard}#/requests`, { colorScheme: 'dark' }, async (page) => {
  await enterKey(page)
  await page.getByRole('row', { name: /miss/ }).getByText('Trace').first().click()
})
await shoot('explorer', `${dashboard}#/explorer`, {}, async (page) => {
  await search(page)
  await page.locator('button.link').nth(2).click()
  await page.locator('.value-text').waitFor()
})
await shoot('explorer-dialog', `${dashboard}#/explorer`, {}, async (page) => {
  await search(page)
  await page.getByRole('button', { name: 'Invalidate…' }).click()
  await page.getByText(/matches \d+ keys/).waitFor()
})
await shoot('settings', `${dashboard}#/settings`, {}, async (page) => {
  await enterKey(page)
  await page.getByText('Running for').waitFor()
})
await redis.stop('SIGKILL')
await wait(6_000)
await shoot('outage', dashboard, {}, showMinute)
stopping.abort()
await load

/** Takes a screenshot of an address after some actions. */
async function shoot(
  name: string,
  address: string,
  context: BrowserContextOptions,
  act: (page: Page) => Promise<void>,
  options: { readonly fullPage?: boolean } = {},
): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, ...context })
  await page.goto(address)
  await act(page)
  await page.screenshot({ path: path.join(FOLDER, `${name}.png`), ...options })
  await page.close()
  console.log(`${name}.png`)
}

async function askTwice(page: Page): Promise<void> {
  await page.getByLabel('Operation').selectOption('key_points')
  await page.getByRole('button', { name: 'Analyse' }).click()
  await page.locator('#facts').waitFor()
  await page.getByRole('button', { name: 'Ask again' }).click()
  await page.locator('#badge', { hasText: 'HIT' }).waitFor()
  await page.getByRole('button', { name: '100 identical' }).click()
  await page.getByText('100 requests in').waitFor()
  await page.evaluate('scrollTo(0, 0)')
}

async function showMinute(page: Page): Promise<void> {
  await page.getByText('1 min', { exact: true }).click()
  await page.getByText('Live', { exact: true }).waitFor()
  await page.getByRole('row', { name: /^results/ }).waitFor()
  await page.mouse.move(0, 0)
}

async function enterKey(page: Page): Promise<void> {
  await page.getByLabel('Key', { exact: true }).fill(apiKey)
  await page.keyboard.press('Enter')
}

async function search(page: Page): Promise<void> {
  await enterKey(page)
  await page.getByLabel('Operation').fill('summarize')
  await page.getByRole('button', { name: 'Show entries' }).click()
  await page.getByText(/^\d+ entries/).waitFor()
}

/** Sends requests to a service until the end, most of them for a few texts. */
async function sendLoad(address: string): Promise<void> {
  let requests = 0
  const sendNext = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const isNew = ++requests % 120 === 0
      const text = isNew ? `${TEXTS[requests % TEXTS.length]} ${address}` : popularText()
      const operation = OPERATIONS[requests % OPERATIONS.length]
      // Equal requests at the same time wait for one computation.
      const equal = Array.from({ length: isNew ? 6 : 1 }, () => send(address, { text, operation }))
      await Promise.all(equal)
      if (requests % 900 === 0) await invalidate(address)
      await wait(20)
    }
  }
  await Promise.all(Array.from({ length: 4 }, sendNext))
}

function popularText(): string {
  return TEXTS[Math.floor(Math.random() ** 2 * POPULAR_TEXTS)] ?? ''
}

async function send(address: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await fetch(`${address}/process`, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function invalidate(address: string): Promise<void> {
  await fetch(`${address}/internal/cache/invalidate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ operation: 'questions', operation_context: 'model_update' }),
  })
}
