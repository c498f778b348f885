import { type CacheContract, cacheTest } from '../contract.js'
import { expect } from '../test-runner.js'

export function earlyRefreshTests(contract: CacheContract): void {
  const test = cacheTest(contract)

  test('can be forestalled by earlyRefresh, while the old value is served', async (cache) => {
    // A load of 50 ms and an eagerness of 100: one hit in three is to start a load.
    const options = { ttl: '5s', earlyRefresh: 100 } as const
    const slowly = async (): Promise<string> => {
      await contract.advance(50)
      return 'first'
    }
    await cache.getOrSet('key', slowly, options)
    let loads = 0
    const again = (): string => `value ${++loads}`
    const answers: string[] = []
    for (let hit = 0; hit < 200; hit++) answers.push(await cache.getOrSet('key', again, options))
    expect(answers[0]).toBe('first')
    // None in two hundred: once in 10^39 times. The next takes no time, and so is not forestalled.
    expect(loads).toBeGreaterThan(0)
    expect(loads).toBeLessThan(10)
  })
}
