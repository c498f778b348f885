import { describe, expect, test } from 'vitest'
import {
  accessibilityProblems,
  analyse,
  HeldAnalyses,
  hasChromium,
  useBrowser,
  waitForBadge,
} from './support/browser.js'

describe.skipIf(!hasChromium)('the page shows what the cache saves', () => {
  const { openPage } = useBrowser()

  test('a hit says how much time it saved and how many times faster it was', async () => {
    const { page } = await openPage()
    await page.getByLabel('Text').fill('It rained all day, and the tent leaked.')
    await analyse(page)
    await waitForBadge(page, 'MISS')
    expect(await page.locator('#saved').textContent()).toBe('')
    expect(await accessibilityProblems(page)).toEqual([])
    await analyse(page)
    await waitForBadge(page, 'HIT')
    expect(await page.locator('#saved').textContent()).toMatch(
      /^saved [\d,.]+ ms, [\d,.]+ times faster$/,
    )
    expect(await accessibilityProblems(page)).toEqual([])
  })

  test.each([
    ['dark', 390],
    ['light', 1440],
  ] as const)(
    'the page and the page of the API break no rule of accessibility in %s, %i pixels wide',
    async (colorScheme, width) => {
      const { page, complaints } = await openPage({ width, hasControls: true })
      await page.emulateMedia({ colorScheme })
      await analyse(page)
      await waitForBadge(page, 'MISS')
      await page.getByText('Cache key and times').click()
      expect(await accessibilityProblems(page)).toEqual([])
      const [, ground] = await page.evaluate<[string, string]>(
        `['color', 'backgroundColor'].map((name) => getComputedStyle(document.documentElement)[name])`,
      )
      await page.getByRole('link', { name: 'Management API' }).click()
      await page.getByRole('heading', { name: 'Cache management' }).waitFor()
      expect(await accessibilityProblems(page)).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.getAttribute("href")')).toBe(
        'openapi.json',
      )
      await page.goBack()
      await waitForBadge(page, 'HIT')
      expect(ground).toBe(colorScheme === 'dark' ? 'rgb(22, 24, 26)' : 'rgb(246, 245, 241)')
      expect(complaints).toEqual([])
    },
  )

  test('a hundred requests at once need one analysis', async () => {
    const held = new HeldAnalyses()
    const { page, cache } = await openPage({ analyzer: held.analyzer })
    await page.getByLabel('Text').fill('It rained all day, and the tent leaked.')
    await page.getByRole('button', { name: '100 identical requests at once' }).click()
    await page.getByText('Sending 100 requests').waitFor()
    // The browser sends six at a time. Those that come after the analysis are hits.
    await expect.poll(() => held.signals.length).toBe(1)
    held.release()
    const outcome = page.locator('#experiment', { hasText: '100 requests in' })
    await outcome.waitFor()
    expect(await outcome.textContent()).toMatch(/: 1 computation, .*\d+ hits\.$/)
    expect(held.signals).toHaveLength(1)
    expect(cache.getStats()).toMatchObject({ misses: 1 })
  })

  test('the link to the dashboard shows the hit ratio of the same cache', async () => {
    const { page, complaints } = await openPage({ width: 1280 })
    await page.getByLabel('Text').fill('It rained all day, and the tent leaked.')
    for (const status of ['MISS', 'HIT'] as const) {
      await analyse(page)
      await waitForBadge(page, status)
    }
    await page.getByRole('link', { name: 'Dashboard' }).click()
    await page.getByText('50.0 %', { exact: true }).waitFor()
    const saved = page.locator('.tile', { hasText: 'Time saved' }).getByText('by 1 hit')
    await saved.waitFor()
    expect(complaints).toEqual([])
  })
})
