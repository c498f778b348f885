import { startRedis } from '@verbatim/test-support'
import { describe, expect, test } from 'vitest'
import { AppProcess } from './support/app-process.js'
import { analyse, hasChromium, useBrowser } from './support/browser.js'

describe.skipIf(!hasChromium)('the page', () => {
  const { browser, openPage } = useBrowser()

  const badge = '#badge'
  const answer = '#answer'

  test('the same sample twice shows MISS, then HIT with the same answer and the hit ratio', async () => {
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

  test('every operation shows an answer, and qa asks for a question first', async () => {
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

  test('the page shows markup in a text as text', async () => {
    const { page, complaints } = await openPage()
    const text = 'The <img src=x onerror=alert(1)> tag was wonderful.'
    await page.getByLabel('Text').fill(text)
    await analyse(page)
    await expect.poll(() => page.locator(answer).textContent()).toContain('<img src=x')
    expect(await page.locator(`${answer} img`).count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test('the page fits a narrow screen', async () => {
    const { page } = await openPage()
    await page.getByLabel('Sample').selectOption({ label: 'Declaration of Independence' })
    await expect.poll(() => page.getByLabel('Text').inputValue()).toContain('Tyranny')
    await analyse(page)
    await page.getByText('Cache key').first().click()
    const width = await page.evaluate('document.documentElement.scrollWidth')
    expect(width).toBeLessThanOrEqual(390)
  })

  test('the page shows that Redis is unavailable, still shows answers, and shows that Redis is back', async () => {
    await using redis = await startRedis()
    await using app = await AppProcess.start({ REDIS_URL: redis.url })
    const page = await browser().newPage()
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
