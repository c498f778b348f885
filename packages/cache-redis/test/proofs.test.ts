import { on } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startFaultProxy } from '@verbatim/fault-proxy'
import { startProgram } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { expect, test, vi } from 'vitest'
import type { GenericRedisCache } from '../src/index.js'
import { redisPerTest } from './set-up.js'

/** How often each is tried; a nightly run asks for more. */
const RACES = Number(process.env['RACES'] ?? 2_000)
const GHOSTS = Number(process.env['GHOSTS'] ?? 200)
const OUTAGES = Number(process.env['OUTAGES'] ?? 6)

/** The number of calls at a time. */
const AT_ONCE = 100
const DELETES_PER_OUTAGE = 250
const LONG = 600_000

const WRITER = fileURLToPath(new URL('doomed-writer.ts', import.meta.url))

const at = redisPerTest({ l1CacheSize: 1_000 })

/** A client whose replies can be held back. */
class HoldingClient extends Redis {
  held: Promise<void> | undefined

  override async sendCommand(...args: Parameters<Redis['sendCommand']>): Promise<unknown> {
    const { held } = this
    const answer = await super.sendCommand(...args)
    await held
    return answer
  }
}

const keysOf = (round: number): string[] =>
  Array.from({ length: AT_ONCE }, (_, index) => `${round}:${index}`)

/** Waits long enough for an invalidation, even while other tests run. */
const hearing = (): Promise<void> => sleep(20)

async function countStale(
  cache: GenericRedisCache,
  keys: readonly string[],
  isRight: (value: unknown) => boolean,
): Promise<number> {
  let stale = 0
  // Twice: what the first read brought into memory must be right as well.
  for (let time = 0; time < 2; time++) {
    for (const key of keys) if (!isRight(await cache.get(key))) stale++
  }
  return stale
}

test(
  `none of ${RACES} reads left an old value after a write of another process`,
  async () => {
    const client = new HoldingClient(at.redis.url)
    at.atTheEnd(() => client.disconnect())
    const here = await at.openConnected({ redisUrl: at.redis.url, commandTimeout: 5_000 })
    const there = await at.openConnected({ client, commandTimeout: 5_000 })
    await there.get('a program to be known')
    let stale = 0
    for (let round = 0; round < RACES / AT_ONCE; round++) {
      const keys = keysOf(round)
      await here.setMany(keys.map((key) => [key, 'old']))
      await hearing()
      let release = (): void => {}
      client.held = new Promise((resolve) => {
        release = resolve
      })
      const reads = Promise.all(keys.map((key) => there.get(key)))
      // The answers are on their way: what is written now is newer.
      await sleep(2)
      await here.setMany(keys.map((key) => [key, 'new']))
      // Now the answers arrive before word of the write, now after it.
      if (round % 2 === 0) await hearing()
      client.held = undefined
      release()
      await reads
      await hearing()
      stale += await countStale(there, keys, (value) => value === 'new')
    }
    expect(stale).toBe(0)
  },
  LONG,
)

test.each(['set', 'delete'] as const)(
  `none of ${RACES} loads was stored after a %s of another process`,
  async (change) => {
    const [here, there] = [
      await at.openConnected({ redisUrl: at.redis.url, commandTimeout: 5_000 }),
      await at.openConnected({ redisUrl: at.redis.url, commandTimeout: 5_000 }),
    ]
    let stale = 0
    for (let round = 0; round < RACES / AT_ONCE; round++) {
      const keys = keysOf(round)
      let begun = 0
      let answer = (): void => {}
      const answered = new Promise<void>((resolve) => {
        answer = resolve
      })
      const load = async (): Promise<string> => {
        begun++
        await answered
        return 'old'
      }
      const loads = Promise.all(keys.map((key) => there.getOrSet(key, load)))
      await vi.waitFor(() => expect(begun).toBe(AT_ONCE), { timeout: 5_000, interval: 1 })
      const changes = keys.map((key) =>
        change === 'set' ? here.set(key, 'new') : here.delete(key),
      )
      // Now the value arrives while the change is under way, now after it.
      if (round % 2 === 0) await Promise.all(changes)
      answer()
      await Promise.all([...changes, loads])
      await hearing()
      // A change under way may lose to the load, but then it comes after it: never an old value.
      const right = change === 'set' ? 'new' : undefined
      for (const cache of [here, there]) {
        stale += await countStale(cache, keys, (value) => value === right)
      }
    }
    expect(stale).toBe(0)
  },
  LONG,
)

test(
  `of ${GHOSTS} writes that were given up none took effect later`,
  async () => {
    await using network = await startFaultProxy({ target: at.redis.port })
    const there = await at.openConnected({ redisUrl: at.redis.url, commandTimeout: 5_000 })
    let given = 0
    let ghosts = 0
    while (given < GHOSTS) {
      // A new one each time: it is to send all its writes before it notices anything.
      const here = await at.openConnected({
        redisUrl: network.url,
        commandTimeout: 60,
        enableL1Cache: false,
      })
      await here.set('a program to be known', 1)
      const keys = keysOf(given)
      await network.blackHole('up', { bytes: 'delayed' })
      await Promise.all(keys.map((key) => here.set(key, 'ghost')))
      given += here.getStats().redis.errors['BACKEND_TIMEOUT'] ?? 0
      await there.setMany(keys.map((key) => [key, 'newer']))
      // Only now the network delivers what it has held back.
      await network.pass()
      await sleep(20)
      for (const value of (await there.getMany(keys)).values()) if (value === 'ghost') ghosts++
      await here.close()
    }
    expect(ghosts).toBe(0)
  },
  LONG,
)

test(
  'of the writes of a killed process none takes effect when Redis responds again',
  async () => {
    const writer = startProgram(WRITER, [at.redis.url, String(AT_ONCE)])
    at.atTheEnd(() => writer.child.kill('SIGKILL'))
    const says = async (words: string): Promise<string> => {
      for await (const [text] of on(writer.child.stdout, 'data') as AsyncIterable<[string]>)
        if (text.includes(words)) return text
      throw new Error(`the writer ended before it said ${words}`)
    }
    await says('ready')
    const before = await bytesReceived()
    at.redis.pause()
    writer.child.stdin.write('go\n')
    expect(await says('given up')).not.toContain('given up: 0')
    // No key can be repaired by the process that wrote it.
    writer.child.kill('SIGKILL')
    await writer.outcome
    await sleep(300)
    at.redis.resume()
    // The server has the commands, and works them off before it has nothing to read.
    await vi.waitFor(async () =>
      expect(await bytesReceived()).toBeGreaterThan(before + AT_ONCE * 50),
    )
    await sleep(100)
    const raw = await at.raw.keys('cache:killed:*')
    const values = raw.length === 0 ? [] : await at.raw.mget(raw)
    expect(values.filter((value) => value?.includes('ghost'))).toEqual([])
  },
  LONG,
)

/** Returns the bytes that the server has read. */
async function bytesReceived(): Promise<number> {
  return Number(/total_net_input_bytes:(\d+)/.exec(await at.raw.info('stats'))?.[1])
}

/** The kinds of outages, and how each ends. */
const OUTAGE_KINDS: readonly {
  readonly begin: () => Promise<unknown>
  readonly end: () => Promise<unknown>
}[] = [
  { begin: async () => at.redis.pause(), end: async () => at.redis.resume() },
  { begin: () => at.redis.stop('SIGKILL'), end: () => at.redis.restart() },
  // What was saved before is all that the server knows when it is back.
  { begin: async () => at.redis.pause(), end: () => at.redis.crash() },
]

test(
  `of ${OUTAGES * DELETES_PER_OUTAGE} deletes during ${OUTAGES} outages none is undone`,
  async () => {
    let resurrected = 0
    for (let outage = 0; outage < OUTAGES; outage++) {
      const kind = OUTAGE_KINDS[outage % OUTAGE_KINDS.length]
      const cache = await at.openConnected({ redisUrl: at.redis.url, commandTimeout: 100 })
      const keys = Array.from({ length: DELETES_PER_OUTAGE }, (_, index) => `${outage}:${index}`)
      await cache.setMany(keys.map((key) => [key, 'old']))
      const admin = new Redis(at.adminUrl)
      await admin.save()
      admin.disconnect()
      // Some that Redis confirms, and may yet forget; the others while it is away.
      await cache.deleteMany(keys.slice(0, 50))
      await kind?.begin()
      await cache.deleteMany(keys.slice(50))
      resurrected += (await cache.getMany(keys)).size
      await kind?.end()
      await vi.waitFor(() => expect(cache.getStats().mode).toBe('redis'), { timeout: 10_000 })
      resurrected += (await cache.getMany(keys)).size
      await vi.waitFor(() => expect(cache.getStats().redis.unconfirmedDeletes).toBe(0), {
        timeout: 10_000,
      })
      const other = await at.openConnected({ redisUrl: at.redis.url })
      resurrected += (await other.getMany(keys)).size
      await Promise.all([cache.close(), other.close()])
    }
    expect(resurrected).toBe(0)
  },
  LONG,
)
