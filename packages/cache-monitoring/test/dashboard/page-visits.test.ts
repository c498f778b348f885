import { InMemoryCache } from '@verbatim/cache-memory'
import { CachePerformanceMonitor } from '@verbatim/cache-monitoring'
import { Dashboard } from '@verbatim/cache-monitoring/dashboard'
import { describe, expect, test } from 'vitest'
import {
  accessibilityProblems,
  apiKey,
  enterKey,
  hasChromium,
  serve,
  useBrowser,
} from './browser.js'

const monitor = new CachePerformanceMonitor()

describe.skipIf(!hasChromium)('visits of the page', { timeout: 90_000 }, () => {
  const open = useBrowser()

  test('every page says that the server is away, and goes on when it is back', async () => {
    const shown = new Dashboard({ monitor, caches: { users: new InMemoryCache() }, apiKey })
    const own = await serve(shown)
    const { page } = await open(own, '#/requests', {}, async (opened) => opened.clock.install())
    await enterKey(page)
    await page.getByText('No request was recorded.').waitFor()
    const loaded = {
      Overview: page.getByText('Live', { exact: true }),
      Requests: page.getByText('No request was recorded.'),
      Explorer: page.getByLabel('Keys that match'),
      Settings: page.getByText('Running for'),
    }
    const away = {
      'No network': () => page.context().setOffline(true),
      'A proxy with an error page': () =>
        page.route('**/api/**', (route) => route.fulfill({ status: 502, body: '<h1>Bad</h1>' })),
    }
    for (const lose of Object.values(away)) {
      for (const [name, content] of Object.entries(loaded)) {
        await lose()
        await page
          .getByRole('link', { name: name === 'Overview' ? 'Settings' : 'Overview' })
          .click()
        await page.getByRole('link', { name }).click()
        const problem =
          name === 'Overview' ? page.getByText('No connection') : page.getByRole('alert')
        await page.clock.fastForward(10_500)
        await problem.first().waitFor()
        await page.context().setOffline(false)
        await page.unrouteAll()
        await page.clock.fastForward(10_500)
        await content.waitFor()
        expect(await problem.count()).toBe(0)
      }
    }
  })

  test('the back button leads through the pages, and a reload stays on one', async () => {
    const { page } = await open(await serve(new Dashboard({ monitor, apiKey })), '')
    const isCurrent = (name: string): Promise<void> =>
      page.locator('nav a[aria-current=page]', { hasText: name }).waitFor()
    await isCurrent('Overview')
    for (const name of ['Requests', 'Explorer', 'Settings']) {
      await page.getByRole('link', { name }).click()
      await isCurrent(name)
    }
    for (const name of ['Explorer', 'Requests']) {
      await page.goBack()
      await isCurrent(name)
    }
    await page.reload()
    await isCurrent('Requests')
    expect(await page.title()).toBe('Requests, cache dashboard')
  })

  test('the keyboard alone chooses a range and a page, and finds a request', async () => {
    const shown = new Dashboard({ monitor, apiKey })
    shown.recordRequest({ outcome: 'error', key: 'typed:1', durationMs: 1 })
    shown.recordRequest({ outcome: 'hit', key: 'typed:2', durationMs: 1 })
    const { page } = await open(await serve(shown), '')
    await page.getByText('Live', { exact: true }).waitFor()
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key)
    }
    await press('Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'ArrowRight')
    await page.getByText('in 15 min').first().waitFor()
    await press('Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'Enter')
    await page.getByLabel('Key', { exact: true }).waitFor()
    await press('Tab', 'Tab', 'Tab')
    await page.keyboard.type(apiKey)
    await press('Enter')
    await page.getByLabel('Outcome').focus()
    await page.keyboard.type('error')
    await press('Tab')
    await page.keyboard.type('typed:')
    await page.getByText('1 of the newest 2 requests').waitFor()
    expect(await page.locator('td code').allInnerTexts()).toEqual(['typed:1'])
  })

  test('odd keys are shown as they are, and their entries open', async () => {
    const keys = [
      'k'.repeat(1_024),
      'a/b?c=d&e#f%20',
      '<img src=x onerror=alert(1)>',
      'line\nand\ttab',
      'user:\u202e1',
      'مفتاح:1',
      '  spaces  ',
      '👩‍👩‍👧:[*]\\',
    ]
    const odd = new InMemoryCache()
    for (const key of keys) await odd.set(key, { note: 'ערך' })
    const shown = new Dashboard({ monitor, caches: { odd }, apiKey })
    for (const key of keys) shown.recordRequest({ outcome: 'hit', key, durationMs: 1 })
    const viewport = { width: 390, height: 844 }
    const { page, complaints } = await open(await serve(shown), '#/explorer', { viewport })
    await enterKey(page)
    await page.getByText('8 entries').waitFor()
    const links = page.locator('button.link')
    const texts = await links.allInnerTexts()
    expect(texts).toEqual(expect.arrayContaining(['line↵and⇥tab', 'user:⟨202e⟩1', '  spaces  ']))
    expect(await page.locator('img[src=x]').count()).toBe(0)
    for (const text of ['kkk', '<img', 'line↵and⇥tab', '👩‍👩‍👧']) {
      await links.filter({ hasText: text }).click()
      await page.locator('.entry .key', { hasText: text }).waitFor()
      await page.locator('.value-text', { hasText: '[text of 3 characters]' }).waitFor()
    }
    const directionOf = (selector: string, hasText: string): Promise<string> =>
      page
        .locator(selector, { hasText })
        .evaluate(
          (found) => found.ownerDocument.defaultView?.getComputedStyle(found).direction ?? '',
        )
    expect(await directionOf('button.link', 'مفتاح')).toBe('rtl')
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    expect(await accessibilityProblems(page)).toEqual([])
    await page.getByRole('link', { name: 'Requests' }).click()
    await page.getByText('8 of the newest 8 requests').waitFor()
    expect(await directionOf('td code', 'مفتاح')).toBe('rtl')
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([])
  })

  test('another cache has its own entries, and a value of a megabyte is cut', async () => {
    const [one, other] = [new InMemoryCache(), new InMemoryCache()]
    await one.set('same', 'of one')
    await other.set('same', 'x'.repeat(1_000_000))
    const shown = new Dashboard({ monitor, caches: { one, other }, apiKey })
    const { page } = await open(await serve(shown), '#/explorer')
    await enterKey(page)
    await page.getByRole('button', { name: 'same' }).click()
    await page.getByText('[text of 6 characters]').waitFor()
    await page.getByRole('combobox').selectOption('other')
    expect(await page.locator('.entry').count()).toBe(0)
    await page.getByRole('button', { name: 'same' }).click()
    await page.getByText('[text of 1000000 characters]').waitFor()
    await page.getByRole('button', { name: 'Show value' }).click()
    await page.getByText('The first 200,000 of 1,000,002 characters.').waitFor()
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByText('No key matches *.').waitFor()
    expect([await one.exists('same'), await other.exists('same')]).toEqual([true, false])
  })
})
