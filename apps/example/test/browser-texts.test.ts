import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { analyse, choose, hasChromium, useBrowser, waitForBadge } from './support/browser.js'

const ARABIC = 'كتبت آدا البرنامج في لندن. كان الطقس جميلا.'
const HEBREW_QUESTION = 'מי כתבה את התוכנית?'

/** Returns the side on which the browser begins a line. */
async function directionOf(page: Page, selector: string): Promise<string[]> {
  return page
    .locator(selector)
    .evaluateAll((found) =>
      found.map(
        (element) => element.ownerDocument.defaultView?.getComputedStyle(element).direction ?? '',
      ),
    )
}

describe.skipIf(!hasChromium)('texts on the page', () => {
  const { openPage } = useBrowser()

  test('Arabic and Hebrew read from the right wherever they are typed or shown', async () => {
    const { page, complaints } = await openPage({ width: 1280 })
    await page.getByLabel('Text').fill(ARABIC)
    expect(await directionOf(page, '#text')).toEqual(['rtl'])
    for (const [operation, shown] of [
      ['Summarize', '#answer p:not(.quiet)'],
      ['Key points', '#answer li'],
    ] as const) {
      await choose(page, operation)
      await analyse(page)
      await page.locator('#facts').waitFor()
      const directions = await directionOf(page, shown)
      expect(directions.length).toBeGreaterThan(0)
      expect(new Set(directions)).toEqual(new Set(['rtl']))
      expect(await directionOf(page, '#about bdi')).toEqual(['rtl'])
    }
    await choose(page, 'Answer a question')
    await page.getByLabel('Question', { exact: true }).fill(HEBREW_QUESTION)
    expect(await directionOf(page, '#question')).toEqual(['rtl'])
    await analyse(page)
    await expect.poll(() => directionOf(page, '#about bdi')).toEqual(['rtl', 'rtl'])
    expect(new Set(await directionOf(page, '#visit-list bdi'))).toEqual(new Set(['rtl']))
    // The words of the page keep their side.
    expect(await directionOf(page, '#timing')).toEqual(['ltr'])
    expect(complaints).toEqual([])
  })

  test.each([
    ['Questions', 'Rain.', 'no plain statement'],
    ['Answer a question', 'Rain.', 'The text does not say.'],
    ['Sentiment', '42', 'neutral'],
    ['Key points', '7', '7'],
    ['Summarize', '7', '7'],
  ])('%s of a text without results shows a sentence', async (operation, text, shown) => {
    const { page } = await openPage()
    await page.getByLabel('Text').fill(text)
    await choose(page, operation)
    if (operation === 'Answer a question') {
      await page.getByLabel('Question', { exact: true }).fill('Who wrote the program?')
    }
    await analyse(page)
    await waitForBadge(page, 'MISS')
    expect(await page.locator('#answer').textContent()).toContain(shown)
  })

  test.each([
    ['Summarize', { summary: '', sentences: [], sentence_count: 0 }, 'no sentence to summarize'],
    [
      'Sentiment',
      {
        label: 'neutral',
        score: 0,
        confidence: 0,
        sentence_counts: { positive: 0, neutral: 0, negative: 0 },
        most_positive: null,
        most_negative: null,
      },
      'no sentence with a sentiment',
    ],
    ['Key points', { key_points: [] }, 'no statement that stands out'],
    ['Questions', { questions: [] }, 'no plain statement'],
  ])('%s without a result shows a sentence', async (operation, result, shown) => {
    const { page } = await openPage({ analyzer: async () => ({ result, computeMs: 1 }) })
    await page.getByLabel('Text').fill('Rain.')
    await choose(page, operation)
    await analyse(page)
    await expect.poll(() => page.locator('#answer').textContent()).toContain(shown)
  })

  const invalidTexts: Array<[what: string, text: string, words: string]> = [
    ['nothing', '', 'There is no text yet'],
    ['blanks', ' \n ', 'There is no text yet'],
    ['an emoji', '🎉', 'The text has no words, only signs or emoji'],
    ['punctuation', '?!', 'The text has no words'],
    [
      '100,001 characters',
      'a'.repeat(100_001),
      'The text has 100,001 characters, and at most 100,000',
    ],
    ['half an emoji', 'Well \ud83c done', 'a broken character'],
  ]
  test('the page explains in plain words why a text is invalid', async () => {
    const { page } = await openPage()
    let sent = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/process')) sent += 1
    })
    for (const [what, text, words] of invalidTexts) {
      // Sets the field itself, because a driver would repair half an emoji.
      await page.getByLabel('Text').evaluate(
        (field, codes) => {
          let value = ''
          for (const code of codes) value += String.fromCharCode(code)
          ;(field as unknown as { value: string }).value = value
          field.dispatchEvent(new Event('input', { bubbles: true }))
        },
        Array.from({ length: text.length }, (_, index) => text.charCodeAt(index)),
      )
      await page.getByRole('button', { name: 'Analyse' }).click()
      await expect
        .poll(() => page.getByRole('alert').textContent(), { message: what })
        .toContain(words)
      expect(await page.locator('#text').getAttribute('aria-invalid')).toBe('true')
      expect(await page.locator('#text:focus').count()).toBe(1)
    }
    expect(sent).toBe(0)
  })

  const invalidQuestions: Array<[what: string, question: string, words: string]> = [
    ['nothing', '', 'There is no question yet'],
    ['an emoji', '🎉', 'The question has no words'],
    [
      '501 characters',
      'why '.repeat(125) + 'y',
      'The question has 501 characters, and at most 500',
    ],
  ]
  test('the page explains in plain words why a question is invalid', async () => {
    const { page } = await openPage()
    await page.getByLabel('Text').fill('It rained.')
    await choose(page, 'Answer a question')
    const question = page.getByLabel('Question', { exact: true })
    for (const [what, text, words] of invalidQuestions) {
      await question.fill(text)
      await page.getByRole('button', { name: 'Analyse' }).click()
      await expect
        .poll(() => page.getByRole('alert').textContent(), { message: what })
        .toContain(words)
      expect(await page.locator('#question:focus').count()).toBe(1)
      // The next answer removes the message.
      await question.fill('When did it rain?')
      await analyse(page)
      await page.locator('#facts').waitFor()
      expect(await page.getByRole('alert').count()).toBe(0)
      expect(await page.locator('#question').getAttribute('aria-invalid')).toBeNull()
    }
  })

  const failures: Array<[failure: string, status: number, body: string, words: RegExp]> = [
    [
      'a full queue',
      503,
      '{"error":{"code":"BUSY","message":"x"}}',
      /^Many texts are being analysed/,
    ],
    ['a timeout', 503, '{"error":{"code":"TIMEOUT","message":"x"}}', /took too long/],
    ['a restart', 503, '{"error":{"code":"SHUTTING_DOWN","message":"x"}}', /restarting/],
    ['a bug', 500, '{"error":{"code":"INTERNAL_ERROR","message":"x"}}', /^The service failed/],
    ['no session', 401, '{"error":{"code":"UNAUTHENTICATED","message":"x"}}', /not signed in/],
    ['a body that is too large', 413, '{"error":{"code":"BODY_TOO_LARGE"}}', /too long/],
    [
      'an unknown field',
      400,
      '{"error":{"code":"INVALID_REQUEST","field":"mode"}}',
      /Reload the page/,
    ],
    [
      'a text it refuses',
      400,
      '{"error":{"code":"INVALID_REQUEST","field":"text"}}',
      /cannot read this text/,
    ],
    ['the page of a proxy', 502, '<html><h1>Bad Gateway</h1>', /out of order/],
    ['an answer cut short', 200, '{"result":', /did not arrive whole/],
    ['a wrong address', 404, 'nothing', /Reload the page/],
  ]
  test('the page explains each failure in plain words', async () => {
    const { page } = await openPage()
    await page.getByLabel('Text').fill('It rained all day.')
    for (const [failure, status, body, words] of failures) {
      await page.route('**/process', (route) => route.fulfill({ status, body }), { times: 1 })
      await page.getByRole('button', { name: 'Analyse' }).click()
      const shown = (): Promise<string | null> => page.getByRole('alert').textContent()
      await expect.poll(shown, { message: failure }).toMatch(words)
      expect(await shown()).not.toMatch(/[A-Z]{2}|undefined|html/)
      expect(await page.getByRole('button', { name: 'Analyse' }).isEnabled()).toBe(true)
    }
  })

  test('the page explains an unavailable service and hides its old figures', async () => {
    const { page, app } = await openPage()
    await expect.poll(() => page.locator('#mode').textContent()).toBe('memory')
    await app.close()
    await page.getByLabel('Text').fill('It rained all day.')
    await page.getByRole('button', { name: 'Analyse' }).click()
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('does not answer')
    await expect.poll(() => page.locator('#mode').textContent()).toBe('service away')
    expect(await page.locator('#hits').textContent()).toBe('–')
  })

  test.each([
    ['narrow', 320, 700],
    ['normal', 1280, 800],
    ['wide', 2560, 1300],
    ['very wide', 3840, 2000],
  ])('the page fills a %s screen without a horizontal scroll bar', async (_what, width, height) => {
    const { page } = await openPage({ width, height })
    await page.getByLabel('Sample').selectOption('gift-of-the-magi')
    await expect.poll(() => page.getByLabel('Text').inputValue()).toContain('Della')
    await analyse(page)
    await page.locator('#facts').waitFor()
    await page.getByText('Cache key and times').click()
    const scrollWidth = await page.evaluate('document.documentElement.scrollWidth')
    expect(scrollWidth).toBeLessThanOrEqual(width)
    let covered = 0
    for (const panel of ['#request', '#outcome', '#experiments', '#visit']) {
      const box = await page.locator(panel).boundingBox()
      covered += ((box?.width ?? 0) * (box?.height ?? 0)) / (width * height)
    }
    expect(covered).toBeGreaterThan(0.6)
  })

  test('nothing moves when the user prefers reduced motion', async () => {
    const { page } = await openPage({ reducedMotion: 'reduce' })
    const animations = await page
      .locator('.spinner, .pending')
      .evaluateAll((found) =>
        found.map(
          (element) => element.ownerDocument.defaultView?.getComputedStyle(element).animationName,
        ),
      )
    expect(animations).toEqual(['none', 'none'])
  })
})
