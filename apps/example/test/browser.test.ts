import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { startRedis } from '@verbatim/test-support'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppProcess } from './support/app-process.js'
import { startService } from './support/service.js'

const chromiumPath = findChromium()
if (chromiumPath === undefined && process.env['CI']) {
  throw new Error('no Chromium: set CHROMIUM_BIN, or put chromium on the PATH')
}
if (chromiumPath === undefined) {
  console.warn('browser tests skipped: neither CHROMIUM_BIN nor a Chromium on the PATH')
}

describe.skipIf(chromiumPath === undefined)('the page', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: chromiumPath ?? '',
      args: [
        '--no-sandbox',
        '--disable-quic',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    })
  }, 60_000)
  afterAll(() => browser?.close())

  async function openPage(): Promise<{ page: Page; complaints: string[] }> {
    const { app } = await startService()
    const address = await app.listen({ host: '127.0.0.1', port: 0 })
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } })
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(address)
    return { page, complaints }
  }

  const badge = '#badge'
  const answer = '#answer'

  test('a sample twice: MISS, then HIT with the same answer, and the hit ratio', async () => {
    const { page, complaints } = await openPage()
    await page.getByLabel('Sample').selectOption({ label: 'Day of Infamy, Roosevelt' })
    await expect.poll(() => page.getByLabel('Text').inputValue()).toContain('Midway Island')

    await analyse(page)
    await expect.poll(() => page.locator(badge).textContent()).toBe('MISS')
    const first = await page.locator(answer).textContent()
    expect(first).toContain('Empire of Japan')

    await analyse(page)
    await expect.poll(() => page.locator(badge).textContent()).toBe('HIT')
    expect(await page.locator(answer).textContent()).toBe(first)
    await expect.poll(() => page.locator('#hit-ratio').textContent()).toBe('50.0 %')
    expect(await page.locator('#mode').textContent()).toBe('memory')
    expect(await page.locator('#degraded').isVisible()).toBe(false)
    expect(complaints).toEqual([])
  })

  test('every operation shows an answer; qa asks for a question first', async () => {
    const { page, complaints } = await openPage()
    await page.getByLabel('Sample').selectOption({ label: 'The Gift of the Magi, O. Henry' })
    await expect.poll(() => page.getByLabel('Text').inputValue()).toContain('Della')
    const shown = {
      Sentiment: 'positive',
      'Key points': 'Christmas',
      Questions: 'What did Jim draw from his overcoat pocket?',
      'Answer a question': '$1.87',
    }
    expect(await page.getByLabel('Question', { exact: true }).isVisible()).toBe(false)
    for (const [operation, text] of Object.entries(shown)) {
      await page.getByLabel('Operation').selectOption({ label: operation })
      await analyse(page)
      await expect.poll(() => page.locator(answer).textContent()).toContain(text)
    }
    expect(await page.getByLabel('Question', { exact: true }).isVisible()).toBe(true)
    expect(complaints).toEqual([])
  })

  test('markup in a text stays text', async () => {
    const { page, complaints } = await openPage()
    const text = 'The <img src=x onerror=alert(1)> tag was wonderful.'
    await page.getByLabel('Text').fill(text)
    await analyse(page)
    await expect.poll(() => page.locator(answer).textContent()).toContain('<img src=x')
    expect(await page.locator(`${answer} img`).count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test('says what is wrong with a text', async () => {
    const { page } = await openPage()
    await page.getByLabel('Text').fill('?!')
    await analyse(page)
    await expect.poll(() => page.getByRole('alert').textContent()).toMatch(/^text must be/)
  })

  test('fits a narrow screen', async () => {
    const { page } = await openPage()
    await page.getByLabel('Sample').selectOption({ label: 'Declaration of Independence' })
    await expect.poll(() => page.getByLabel('Text').inputValue()).toContain('Tyranny')
    await analyse(page)
    await page.getByText('Cache key').click()
    const width = await page.evaluate('document.documentElement.scrollWidth')
    expect(width).toBeLessThanOrEqual(390)
  })

  test('says so while Redis is away, goes on answering, and says when it is back', async () => {
    await using redis = await startRedis()
    await using app = await AppProcess.start({ REDIS_URL: redis.url })
    const page = await browser.newPage()
    await page.goto(app.address)
    const mode = (): Promise<string | null> => page.locator('#mode').textContent()
    const notice = page.getByText('Redis does not answer')
    await expect.poll(mode, { timeout: 10_000 }).toBe('Redis')
    expect(await notice.isVisible()).toBe(false)

    await redis.stop('SIGKILL')
    await expect.poll(() => notice.isVisible(), { timeout: 10_000 }).toBe(true)
    expect(await mode()).toBe('memory only')
    await page.getByLabel('Text').fill('It rained all day, and the tent leaked.')
    for (const status of ['MISS', 'HIT']) {
      await analyse(page)
      await expect.poll(() => page.locator(badge).textContent()).toBe(status)
    }

    await redis.restart()
    await expect.poll(mode, { timeout: 10_000 }).toBe('Redis')
    expect(await notice.isVisible()).toBe(false)
  })
})

/** Presses the button and waits until the service has answered. */
async function analyse(page: Page): Promise<void> {
  const answered = page.waitForResponse('**/process')
  await page.getByRole('button', { name: 'Analyse' }).click()
  await answered
}

function findChromium(): string | undefined {
  const { CHROMIUM_BIN, PATH = '' } = process.env
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const onPath = names.flatMap((name) =>
    PATH.split(path.delimiter).map((folder) => path.join(folder, name)),
  )
  return [...(CHROMIUM_BIN ? [CHROMIUM_BIN] : []), ...onPath].find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
