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

const TEXT = 'My secret diary: Ada wrote the program in London in 1843.'
const QUESTION = 'When did Ada write the program?'

const question = (page: Page): ReturnType<Page['getByLabel']> =>
  page.getByLabel('Question', { exact: true })

describe.skipIf(!hasChromium)('the state of the page', () => {
  const { browser, openPage } = useBrowser()

  test('a reload keeps the form and the answer', async () => {
    const { page } = await openPage()
    await page.getByLabel('Text').fill(TEXT)
    await choose(page, 'Answer a question')
    await question(page).fill(QUESTION)
    await analyse(page)
    await waitForBadge(page, 'MISS')
    await page.reload()
    expect(await page.getByLabel('Text').inputValue()).toBe(TEXT)
    expect(await page.getByLabel('Operation').inputValue()).toBe('qa')
    expect(await question(page).inputValue()).toBe(QUESTION)
    await waitForBadge(page, 'HIT')
    expect(await page.locator('#answer').textContent()).toContain('1843')
  })

  test('a reload keeps a form that was not sent, and sends nothing', async () => {
    const { page } = await openPage()
    let sent = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/process')) sent += 1
    })
    await page.getByLabel('Text').fill(TEXT)
    await choose(page, 'Answer a question')
    await question(page).fill(QUESTION)
    await page.reload()
    expect(await page.getByLabel('Text').inputValue()).toBe(TEXT)
    expect(await question(page).inputValue()).toBe(QUESTION)
    expect(await question(page).isVisible()).toBe(true)
    expect(sent).toBe(0)
  })

  test('the back button restores the form and shows its question', async () => {
    const { page, address } = await openPage()
    await page.getByLabel('Sample').selectOption('gift-of-the-magi')
    await expect.poll(() => page.getByLabel('Text').inputValue()).toContain('Della')
    await choose(page, 'Answer a question')
    await question(page).fill('Who is Jim?')
    await page.goto(`${address}/internal/cache/status`)
    await page.goBack()
    expect(await page.getByLabel('Operation').inputValue()).toBe('qa')
    expect(await question(page).isVisible()).toBe(true)
    expect(await question(page).inputValue()).toBe('Who is Jim?')
    await expect.poll(() => page.getByLabel('Text').inputValue()).toContain('Della')
    expect(await page.getByLabel('Sample').inputValue()).toBe('gift-of-the-magi')
    expect(await page.getByRole('button', { name: 'Analyse' }).isEnabled()).toBe(true)
  })

  test('the back button sends an interrupted request again without an error', async () => {
    const held = new HeldAnalyses()
    const { page, complaints } = await openPage({ analyzer: held.analyzer })
    await page.getByLabel('Text').fill(TEXT)
    await page.getByRole('button', { name: 'Analyse' }).click()
    await expect.poll(() => held.signals.length).toBe(1)
    await page.goto('about:blank')
    await expect.poll(() => held.signals[0]?.aborted).toBe(true)
    await page.goBack()
    await expect.poll(() => held.signals.length).toBe(2)
    expect(await page.getByRole('alert').count()).toBe(0)
    held.release()
    await waitForBadge(page, 'MISS')
    expect(complaints).toEqual([])
  })

  test('a page that the browser restores from its cache sends the interrupted request again', async () => {
    const held = new HeldAnalyses()
    const { page } = await openPage({ analyzer: held.analyzer })
    await page.getByLabel('Text').fill(TEXT)
    await page.getByRole('button', { name: 'Analyse' }).click()
    await expect.poll(() => held.signals.length).toBe(1)
    // A browser sends these events to a page that it stores in its cache and restores.
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    await expect.poll(() => held.signals[0]?.aborted).toBe(true)
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    await expect.poll(() => held.signals.length).toBe(2)
    held.release()
    await waitForBadge(page, 'MISS')
  })

  test('the address never holds a text of the user or a question about it', async () => {
    const { page, address } = await openPage()
    const addresses = new Set<string>()
    page.on('request', (request) => addresses.add(request.url()))
    page.on('framenavigated', (frame) => addresses.add(frame.url()))
    await page.getByLabel('Text').fill(TEXT)
    await choose(page, 'Answer a question')
    await question(page).fill(QUESTION)
    await analyse(page)
    await waitForBadge(page, 'MISS')
    addresses.add(page.url())
    await page.reload()
    await waitForBadge(page, 'HIT')
    addresses.add(page.url())
    expect([...addresses].join('\n')).not.toMatch(/secret|diary|Ada|program/)
    expect(page.url()).toBe(`${address}/#operation=qa`)
  })

  test('the page says that it has no network, and goes on when the network is back', async () => {
    const { page } = await openPage()
    await page.getByLabel('Text').fill(TEXT)
    await page.context().setOffline(true)
    await page.getByRole('button', { name: 'Analyse' }).click()
    await page.getByRole('alert').getByText('The service does not answer.').waitFor()
    await expect.poll(() => page.locator('#mode').textContent()).toBe('service away')
    await page.context().setOffline(false)
    await analyse(page)
    await waitForBadge(page, 'MISS')
    expect(await page.getByRole('alert').count()).toBe(0)
    await expect.poll(() => page.locator('#mode').textContent()).toBe('memory')
  })

  test('two tabs share the cache, and each keeps its own form', async () => {
    const { page, address } = await openPage()
    const other = await browser().newPage()
    await other.goto(address)
    for (const [tab, status] of [
      [page, 'MISS'],
      [other, 'HIT'],
    ] as const) {
      await tab.getByLabel('Text').fill(TEXT)
      await analyse(tab)
      await waitForBadge(tab, status)
    }
    await choose(other, 'Sentiment')
    await expect.poll(() => page.locator('#hit-ratio').textContent()).toBe('50.0 %')
    await page.reload()
    expect(await page.getByLabel('Operation').inputValue()).toBe('summarize')
    await other.close()
  })

  test('the keyboard alone asks a question, asks again and reads the key', async () => {
    const { page, complaints } = await openPage({ width: 1280 })
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key)
    }
    // The sample, its source, the text, the operation and the question.
    await press('Tab', 'Tab', 'Tab', 'Tab')
    await page.keyboard.type('Answer')
    await press('Tab', 'Enter')
    await waitForBadge(page, 'MISS')
    expect(await page.locator('#answer').textContent()).toContain('Japan')
    // The button that analyses, two that copy, the details, and then the first experiment.
    await press('Tab', 'Tab', 'Tab', 'Tab', 'Enter')
    await page.locator('#key', { hasText: 'op:qa' }).waitFor()
    await press('Tab', 'Enter')
    await waitForBadge(page, 'HIT')
    expect(complaints).toEqual([])
  })

  test('a link to a sample, an operation and a question opens the same form in another browser', async () => {
    const { page } = await openPage()
    await page.getByLabel('Sample').selectOption('gift-of-the-magi')
    await expect.poll(() => page.getByLabel('Text').inputValue()).toContain('Della')
    await choose(page, 'Answer a question')
    await question(page).fill('What did Jim sell?')
    await analyse(page)
    await page.locator('#facts').waitFor()

    const other = await browser().newPage()
    await other.goto(page.url())
    await expect.poll(() => other.getByLabel('Text').inputValue()).toContain('Della')
    expect(await other.getByLabel('Sample').inputValue()).toBe('gift-of-the-magi')
    expect(await other.getByLabel('Operation').inputValue()).toBe('qa')
    expect(await question(other).inputValue()).toBe('What did Jim sell?')
    await other.close()
  })

  test('an address with values that do not exist opens an empty form', async () => {
    const { page, address } = await openPage()
    await page.goto(`${address}/#sample=../../etc/passwd&operation=constructor&question=x`)
    await page.reload()
    expect(await page.getByLabel('Sample').inputValue()).toBe('')
    expect(await page.getByLabel('Operation').inputValue()).toBe('summarize')
    expect(await page.getByLabel('Text').inputValue()).toBe('')
  })

  test("the user's own text is restored after a sample", async () => {
    const { page } = await openPage()
    await page.getByLabel('Text').fill(TEXT)
    await page.getByLabel('Sample').selectOption('day-of-infamy')
    await expect.poll(() => page.getByLabel('Text').inputValue()).toContain('Midway Island')
    await page.getByLabel('Sample').selectOption('')
    await expect.poll(() => page.getByLabel('Text').inputValue()).toBe(TEXT)
  })

  test('an edited sample is shown as a text of the user', async () => {
    const { page } = await openPage()
    await page.getByLabel('Sample').selectOption('day-of-infamy')
    await expect.poll(() => page.getByLabel('Text').inputValue()).toContain('Midway Island')
    await page.getByLabel('Text').press('End')
    await page.getByLabel('Text').pressSequentially(' And more.')
    expect(await page.getByLabel('Sample').inputValue()).toBe('')
    await expect.poll(() => page.url()).not.toContain('day-of-infamy')
  })

  test('the target of every link on the page exists', async () => {
    const { page, address } = await openPage()
    await page.getByLabel('Sample').selectOption('day-of-infamy')
    await page.locator('#sample-source a').waitFor()
    const links = await page
      .locator('a')
      .evaluateAll((found) => found.map((link) => link.getAttribute('href')))
    expect(links.length).toBeGreaterThanOrEqual(4)
    for (const link of links) {
      expect((await fetch(new URL(link ?? '', address))).status).toBe(200)
    }
  })
})
