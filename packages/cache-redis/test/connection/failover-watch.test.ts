import { startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, expect, test, vi } from 'vitest'
import { parseRedisUrl } from '../../src/connection/redis-url.js'
import { FailoverWatch } from '../../src/connection/sentinel-client.js'
import { expectQuiet } from './quiet.js'

expectQuiet()

// Sentinels say what they have to say on a channel like any other.
const sentinels = [await startRedis(), await startRedis('--requirepass', 's3cret')]
const [open, guarded] = sentinels as [(typeof sentinels)[0], (typeof sentinels)[0]]
afterAll(() => Promise.all(sentinels.map((sentinel) => sentinel.stop())))

const CHANNEL = '+switch-master'

test('it hears of another master of the same name, until it is stopped', async () => {
  const onPromoted = vi.fn<(host: string, port: number) => void>()
  const watch = new FailoverWatch([parseRedisUrl(open.url)], 'cache', 1_000, onPromoted)
  const sentinel = new Redis(open.url)
  const listeners = async (): Promise<number> =>
    Number((await sentinel.pubsub('NUMSUB', CHANNEL))[1])
  watch.start()
  watch.start()
  await vi.waitFor(async () => expect(await listeners()).toBe(1))
  await sentinel.publish(CHANNEL, 'other 10.0.0.1 1 10.0.0.2 2')
  await sentinel.publish(CHANNEL, 'cache')
  await sentinel.publish(CHANNEL, 'cache 10.0.0.1 1 10.0.0.2 2')
  await vi.waitFor(() => expect(onPromoted.mock.calls).toEqual([['10.0.0.2', 2]]))
  watch.stop()
  await vi.waitFor(async () => expect(await listeners()).toBe(0))
  watch.start()
  await vi.waitFor(async () => expect(await listeners()).toBe(1))
  watch.stop()
  sentinel.disconnect()
})

test('it listens again after it has lost a sentinel, and logs in', async () => {
  const url = guarded.url.replace('//', '//:s3cret@')
  const watch = new FailoverWatch([parseRedisUrl(url)], 'cache', 1_000, () => {})
  const sentinel = new Redis(url)
  const listeners = async (): Promise<number> =>
    Number((await sentinel.pubsub('NUMSUB', CHANNEL))[1])
  watch.start()
  await vi.waitFor(async () => expect(await listeners()).toBe(1))
  await sentinel.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await vi.waitFor(async () => expect(await listeners()).toBe(1), { timeout: 8_000, interval: 200 })
  watch.stop()
  sentinel.disconnect()
})
