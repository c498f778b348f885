import type { TextSize, Ttl } from '@verbatim/cache-core'
import { TEXT_SIZES } from '@verbatim/cache-core/implement'
import { describe, expect, test, vi } from 'vitest'
import type { AIResponseCache } from '../src/index.js'
import { PromotionRule } from '../src/promotion.js'
import { SetUp } from './set-up.js'

const at = new SetUp()
const soon = { timeout: 2_000, interval: 1 }
const TEXTS: Readonly<Record<TextSize, string>> = {
  small: 'x',
  medium: 'x'.repeat(500),
  large: 'x'.repeat(5_000),
  xlarge: 'x'.repeat(50_000),
}

/** Returns the sizes with a copy in memory, after Redis has answered for each. */
async function tiersInMemory(cache: AIResponseCache, operation: string): Promise<TextSize[]> {
  const tiers: TextSize[] = []
  for (const tier of TEXT_SIZES) {
    const request = { text: TEXTS[tier], operation }
    await cache.getCachedResponse(request)
    const found = await cache.getCachedResponse(request)
    if (found?.cached.tier === 'memory') tiers.push(tier)
  }
  return tiers
}

async function storeAll(cache: AIResponseCache, operation: string): Promise<void> {
  for (const tier of TEXT_SIZES) {
    await cache.cacheResponse({ text: TEXTS[tier], operation, response: tier })
  }
}

describe('copies in memory', () => {
  test.each<[operation: string, tiers: TextSize[]]>([
    ['sentiment', ['small', 'medium', 'large']],
    ['summarize', ['small', 'medium']],
    ['key_points', ['small', 'medium']],
    ['classify', ['small', 'medium']],
    ['qa', ['small']],
    ['anything', ['small']],
  ])('of %s are those of the text sizes %j', async (operation, tiers) => {
    const [here, there] = [await at.openConnected(), await at.openConnected()]
    await storeAll(here, operation)
    // A look a moment after the write is not kept: word of it is still under way.
    await vi.waitFor(async () => expect(await tiersInMemory(there, operation)).toEqual(tiers), soon)
    expect(there.getStats().memory?.activeEntries).toBe(tiers.length)
  })

  test('include texts of medium size after ten hits of the operation', async () => {
    const [here, there] = [await at.openConnected(), await at.openConnected()]
    await storeAll(here, 'qa')
    for (let hit = 0; hit < 10; hit++) {
      await there.getCachedResponse({ text: TEXTS.large, operation: 'qa' })
    }
    await vi.waitFor(async () => {
      expect(await tiersInMemory(there, 'qa')).toEqual(['small', 'medium'])
    }, soon)
  })

  test('are decided by the process that stored the response, whatever sizes other processes have', async () => {
    const here = await at.openConnected({ textSizeTiers: { small: 1, medium: 2, large: 3 } })
    const there = await at.openConnected()
    await here.cacheResponse({ text: TEXTS.medium, operation: 'summarize', response: 1 })
    const request = { text: TEXTS.medium, operation: 'summarize' }
    for (let look = 0; look < 20; look++) {
      expect((await there.getCachedResponse(request))?.cached).toMatchObject({
        tier: 'redis',
        textTier: 'xlarge',
      })
    }
  })

  test('include every size while Redis is unavailable', async () => {
    const cache = await at.openAlone()
    await storeAll(cache, 'qa')
    expect(await tiersInMemory(cache, 'qa')).toEqual(TEXT_SIZES)
  })
})

describe('the memory TTL of a response', () => {
  const rule = new PromotionRule()
  for (let hit = 0; hit < 10; hit++) rule.countHit('popular')
  for (let hit = 0; hit < 9; hit++) rule.countHit('rare')

  test.each<[operation: string, tier: TextSize, ttl: Ttl | undefined]>([
    ['anything', 'small', undefined],
    ['sentiment', 'large', undefined],
    ['summarize', 'medium', undefined],
    ['popular', 'medium', '5m'],
    ['popular', 'large', 0],
    ['rare', 'medium', 0],
    ['sentiment', 'xlarge', 0],
    ['popular', 'xlarge', 0],
  ])('for %s and a text of the size %s is %s', (operation, textTier, ttl) => {
    expect(rule.memoryTtl({ operation, textTier })).toBe(ttl)
  })
})
