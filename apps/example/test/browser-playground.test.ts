import { ModelServer } from '@verbatim/model-server'
import { findRedisServer } from '@verbatim/test-support'
import { describe, expect, test } from 'vitest'
import { OwnRedis } from '../src/playground/own-redis.js'
import {
  accessibilityProblems,
  analyse,
  hasChromium,
  useBrowser,
  waitForBadge,
} from './support/browser.js'

const TEXT = 'It rained all day, and the tent leaked.'

describe.skipIf(!hasChromium)('the experiments of the page', () => {
  const { openPage } = useBrowser()

  test('an expired answer is a miss, and "Serve stale" shows it at once', async () => {
    const { page, complaints } = await openPage({ hasControls: true })
    await page.getByLabel('Text').fill(TEXT)
    await analyse(page)
    await waitForBadge(page, 'MISS')
    await page.getByRole('button', { name: 'Ask again' }).click()
    await waitForBadge(page, 'HIT')
    await page.getByRole('button', { name: 'Expire now' }).click()
    await page.getByText('The TTL of this answer has ended.').waitFor()
    await analyse(page)
    await waitForBadge(page, 'MISS')
    await page.getByRole('button', { name: 'Serve stale' }).click()
    await waitForBadge(page, 'STALE')
    expect(await page.locator('#timing').textContent()).toContain('Its TTL has ended')
    expect(complaints).toEqual([])
  })

  test('each button is explained while it has the pointer or the focus', async () => {
    const { page } = await openPage({ hasControls: true })
    const line = page.locator('#explanation')
    await line.getByText('Point at a button').waitFor()
    await page.getByRole('button', { name: 'Expire now' }).hover()
    await line.getByText('The next request computes it again.').waitFor()
    await page.getByRole('button', { name: 'Serve stale' }).focus()
    await line.getByText('stale-while-revalidate').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
  })

  test('without controls, the page shows only the experiments that change nothing', async () => {
    const { page } = await openPage()
    await page.getByRole('button', { name: 'Ask again' }).waitFor()
    for (const name of ['Expire now', 'Serve stale', 'Stop Redis']) {
      expect(await page.getByRole('button', { name }).isVisible()).toBe(false)
    }
  })

  test('one button stops the Redis of the service and starts it again', async () => {
    await using ownRedis = await OwnRedis.launch(await findRedisServer())
    const options = { hasControls: true, ownRedis, redisUrl: ownRedis.url }
    const { page } = await openPage(options)
    await page.getByRole('button', { name: 'Stop Redis' }).click()
    await page.getByText('Go on asking: no request fails.').waitFor()
    expect(ownRedis.isRunning).toBe(false)
    await page.getByLabel('Text').fill(TEXT)
    await analyse(page)
    await waitForBadge(page, 'MISS')
    await page.getByRole('button', { name: 'Start Redis' }).click()
    await page.getByText('Redis runs again.').waitFor()
    expect(ownRedis.isRunning).toBe(true)
  })

  test('the request of an answer is copied as a command and as a program', async () => {
    const { page, address } = await openPage()
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByLabel('Text').fill(TEXT)
    await analyse(page)
    await waitForBadge(page, 'MISS')
    const copied = (): Promise<string> => page.evaluate('navigator.clipboard.readText()')
    await page.getByRole('button', { name: 'Copy as curl' }).click()
    await page.getByText('Copied.').waitFor()
    expect(await copied()).toContain(`curl -s '${address}/process' `)
    await page.getByRole('button', { name: 'Copy as TypeScript' }).click()
    await expect.poll(copied).toContain(`await fetch("${address}/process", {`)
    expect(await page.locator('#snippet').textContent()).toContain(TEXT)
    expect(await accessibilityProblems(page)).toEqual([])
  })

  test('the words of a model appear while they arrive, and the second answer is a hit', async () => {
    await using server = await ModelServer.start()
    server.pauseMs = 300
    const model = { model: 'small', modelApiKey: 'secret', modelBaseUrl: `${server.url}/v1` }
    const { page, complaints } = await openPage({ model })
    await page.getByText('The answers come from the model small.').waitFor()
    await page.getByLabel('Text').fill(TEXT)
    await page.getByRole('button', { name: 'Analyse' }).click()
    const words = page.locator('#answer .words')
    await words.waitFor()
    const early = await words.textContent()
    await waitForBadge(page, 'MISS')
    const whole = await words.textContent()
    expect(whole?.startsWith(early ?? 'nothing')).toBe(true)
    expect(whole?.length).toBeGreaterThan(early?.length ?? 0)
    await page.getByRole('button', { name: 'Ask again' }).click()
    await waitForBadge(page, 'HIT')
    expect(await words.textContent()).toBe(whole)
    expect(await page.locator('#saved').textContent()).toMatch(/^saved .+ times faster$/)
    expect(server.requests).toHaveLength(1)
    expect(complaints).toEqual([])
  })
})
