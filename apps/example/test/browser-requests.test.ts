import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import {
  analyse,
  choose,
  HeldAnalyses,
  hasChromium,
  useBrowser,
  waitForBadge,
} from './support/browser.js'

const TEXT = 'Ada wrote the program in London in 1843. It was wonderful.'

/** Delays the texts of all samples, or of one, until the returned function is called. */
async function holdSamples(page: Page, sample = '*'): Promise<() => void> {
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  await page.route(`**/samples/${sample}.txt`, async (route) => {
    await released
    // The page may have aborted the request in the meantime.
    await route.continue().catch(() => {})
  })
  return release
}

describe.skipIf(!hasChromium)('requests of the page', () => {
  const { openPage } = useBrowser()

  test('the answer shown is that of the newest request, and the older request is aborted', async () => {
    const held = new HeldAnalyses()
    const { page, complaints } = await openPage({ analyzer: held.analyzer })
    await page.getByLabel('Text').fill(TEXT)
    await choose(page, 'Summarize')
    await page.getByRole('button', { name: 'Analyse' }).click()
    await expect.poll(() => held.signals.length).toBe(1)
    await choose(page, 'Sentiment')
    await page.getByRole('button', { name: 'Analyse' }).click()
    await expect.poll(() => held.signals.length).toBe(2)
    // The service notices the abort and stops the work.
    await expect.poll(() => held.signals[0]?.aborted).toBe(true)
    held.release()
    await waitForBadge(page, 'MISS')
    expect(await page.locator('#answer').textContent()).toContain('positive')
    expect(await page.locator('#about').textContent()).toContain('Sentiment')
    expect(await page.locator('#visit-list li').count()).toBe(1)
    expect(complaints).toEqual([])
  })

  test('the page shows a pending answer and disables the button', async () => {
    const held = new HeldAnalyses()
    const { page } = await openPage({ analyzer: held.analyzer })
    const button = page.getByRole('button', { name: 'Analyse' })
    await page.getByLabel('Text').fill(TEXT)
    await button.click()
    await expect.poll(() => button.isDisabled()).toBe(true)
    expect(await page.locator('#pending').isVisible()).toBe(true)
    expect(await page.locator('#outcome').getAttribute('aria-busy')).toBe('true')
    expect(await page.locator('#announcement').textContent()).toContain('Analysing: Summarize')
    expect(await page.locator('#about').textContent()).toContain('Ada wrote')
    await expect.poll(() => page.locator('#elapsed').textContent()).toMatch(/^\d+\.\d s$/)
    held.release()
    await waitForBadge(page, 'MISS')
    expect(await page.locator('#pending').isVisible()).toBe(false)
    expect(await page.locator('#outcome').getAttribute('aria-busy')).toBeNull()
    expect(await button.isEnabled()).toBe(true)
  })

  test('an older answer disappears while a new one is pending', async () => {
    const held = new HeldAnalyses()
    const { page } = await openPage({ analyzer: held.analyzer })
    await page.getByLabel('Text').fill(TEXT)
    await page.getByRole('button', { name: 'Analyse' }).click()
    await expect.poll(() => held.signals.length).toBe(1)
    held.release()
    await waitForBadge(page, 'MISS')
    await choose(page, 'Key points')
    await page.getByRole('button', { name: 'Analyse' }).click()
    await expect.poll(() => held.signals.length).toBe(2)
    expect(await page.locator('#answer').textContent()).toBe('')
    expect(await page.locator('#facts').isVisible()).toBe(false)
    expect(await page.locator('#about').textContent()).toContain('Key points')
  })

  test('the same request twice is sent once', async () => {
    const held = new HeldAnalyses()
    const { page } = await openPage({ analyzer: held.analyzer })
    let sent = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/process')) sent += 1
    })
    await page.getByLabel('Text').fill(TEXT)
    await page.getByRole('button', { name: 'Analyse' }).dblclick()
    await page.getByLabel('Text').press('Control+Enter')
    await page.getByLabel('Text').press('Control+Enter')
    await expect.poll(() => held.signals.length).toBe(1)
    held.release()
    await waitForBadge(page, 'MISS')
    expect(sent).toBe(1)
  })

  test('Escape and Cancel stop the work in the service and show that', async () => {
    const held = new HeldAnalyses()
    const { page } = await openPage({ analyzer: held.analyzer })
    await page.getByLabel('Text').fill(TEXT)
    await page.getByRole('button', { name: 'Analyse' }).click()
    await expect.poll(() => held.signals.length).toBe(1)
    await page.keyboard.press('Escape')
    await expect.poll(() => held.signals[0]?.aborted).toBe(true)
    expect(await page.locator('#answer').textContent()).toContain('Cancelled')

    await page.getByRole('button', { name: 'Analyse' }).click()
    await expect.poll(() => held.signals.length).toBe(2)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(() => held.signals[1]?.aborted).toBe(true)
    expect(await page.getByRole('button', { name: 'Analyse' }).isEnabled()).toBe(true)
  })

  test('Ctrl+Enter in the text and Enter in the question send the form', async () => {
    const { page } = await openPage()
    await page.getByLabel('Text').fill(TEXT)
    await page.getByLabel('Text').press('Control+Enter')
    await waitForBadge(page, 'MISS')
    await page.getByLabel('Text').press('Meta+Enter')
    await waitForBadge(page, 'HIT')
    await choose(page, 'Answer a question')
    await page.getByLabel('Question', { exact: true }).fill('When did Ada write the program?')
    await page.getByLabel('Question', { exact: true }).press('Enter')
    await expect.poll(() => page.locator('#answer').textContent()).toContain('1843')
    // A disabled button that had the focus gets the focus back.
    await page.getByRole('button', { name: 'Analyse' }).press('Enter')
    await waitForBadge(page, 'HIT')
    await expect.poll(() => page.locator('#analyse:focus').count()).toBe(1)
  })

  test('a sample that arrives late does not replace the one chosen after it', async () => {
    const { page } = await openPage()
    const releaseFirst = await holdSamples(page, 'day-of-infamy')
    await page.getByLabel('Sample').selectOption('day-of-infamy')
    await page.getByLabel('Sample').selectOption('gift-of-the-magi')
    await expect.poll(() => page.getByLabel('Text').inputValue()).toContain('Della')
    releaseFirst()
    await analyse(page)
    await waitForBadge(page, 'MISS')
    expect(await page.getByLabel('Text').inputValue()).toContain('Della')
    expect(await page.locator('#about').textContent()).toContain('The Gift of the Magi')
  })

  test('Analyse waits for the text of a sample that was just chosen', async () => {
    const { page } = await openPage()
    const release = await holdSamples(page)
    await page.getByLabel('Sample').selectOption('day-of-infamy')
    await page.getByRole('button', { name: 'Analyse' }).click()
    release()
    await waitForBadge(page, 'MISS')
    expect(await page.locator('#answer').textContent()).toContain('Empire of Japan')
  })

  test('Analyse sends a text that is typed after a sample failed to load', async () => {
    const { page } = await openPage()
    await page.route('**/samples/*.txt', (route) => route.abort())
    await page.getByLabel('Sample').selectOption('day-of-infamy')
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('could not be loaded')
    await page.getByLabel('Text').fill(TEXT)
    await analyse(page)
    await waitForBadge(page, 'MISS')
    await page.unroute('**/samples/*.txt')
    await page.getByLabel('Sample').selectOption('day-of-infamy')
    await analyse(page)
    await expect.poll(() => page.locator('#answer').textContent()).toContain('Empire of Japan')
  })

  test('Analyse waits for the sample that is chosen while another one loads', async () => {
    const { page } = await openPage()
    const release = await holdSamples(page)
    const sent: string[] = []
    page.on('request', (request) => {
      if (request.url().endsWith('/process')) sent.push(request.postData() ?? '')
    })
    await page.getByLabel('Text').fill(TEXT)
    await page.getByLabel('Sample').selectOption('day-of-infamy')
    await page.getByRole('button', { name: 'Analyse' }).click()
    await page.getByLabel('Sample').selectOption('gift-of-the-magi')
    release()
    await waitForBadge(page, 'MISS')
    expect(sent).toEqual([expect.stringContaining('Della')])
    expect(await page.locator('#about').textContent()).toContain('The Gift of the Magi')
  })

  test('the list omits the saved time when the service does not return it', async () => {
    const { page } = await openPage()
    const cache = { status: 'hit', durationMs: 1, ageMs: 1, key: 'key' }
    const result = { summary: TEXT, sentences: [TEXT], sentence_count: 1 }
    await page.route('**/process', (route) => route.fulfill({ json: { result, cache } }))
    await page.getByLabel('Text').fill(TEXT)
    await choose(page, 'Summarize')
    await analyse(page)
    await waitForBadge(page, 'HIT')
    expect(await page.locator('#visit-saved').textContent()).toBe('1 hit.')
  })

  test('a hit shows the duration of the analysis and the saved time', async () => {
    const { page } = await openPage()
    await page.getByLabel('Sample').selectOption('day-of-infamy')
    await analyse(page)
    await waitForBadge(page, 'MISS')
    expect(await page.locator('#timing').textContent()).toMatch(/^Computed in .+ and stored\./)
    await analyse(page)
    await waitForBadge(page, 'HIT')
    expect(await page.locator('#timing').textContent()).toMatch(
      /^Answered in \S+ ms instead of \S+ m?s: the cache saved \S+ m?s\. Stored /,
    )
    expect(await page.locator('#visit-saved').textContent()).toMatch(/^1 hit saved \S+ m?s\.$/)
    // Only the details show the duration over the network.
    expect(await page.locator('#timing').textContent()).not.toContain('in all')
    expect(await page.locator('#times').textContent()).toContain('in the service')
  })

  test('one press on an answer in the list sends its request again', async () => {
    const { page } = await openPage()
    await page.getByLabel('Text').fill(TEXT)
    await choose(page, 'Sentiment')
    await analyse(page)
    await waitForBadge(page, 'MISS')
    await page.getByLabel('Text').fill('Another text about the weather.')
    await choose(page, 'Summarize')
    await analyse(page)
    await expect.poll(() => page.locator('#visit-list li').count()).toBe(2)
    await page.locator('#visit-list button').last().click()
    await waitForBadge(page, 'HIT')
    expect(await page.getByLabel('Text').inputValue()).toBe(TEXT)
    expect(await page.locator('#about').textContent()).toContain('Sentiment')
  })
})
