import { type RedisServer, startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Fault } from '../../src/nemesis/fault.js'
import { foreignData, valuesCopied } from '../../src/nemesis/foreign-faults.js'
import type { Processes } from '../../src/nemesis/process-faults.js'
import { serverFaults } from '../../src/nemesis/server-faults.js'
import { snapshotFaults } from '../../src/nemesis/snapshot-faults.js'
import { keyName, PREFIX } from '../../src/workload/keys.js'

const WAIT = { timeout: 10_000, interval: 5 }

let server: RedisServer
let client: Redis
beforeEach(async () => {
  server = await startRedis()
  client = new Redis(server.url, { retryStrategy: () => 10 })
  client.on('error', () => undefined)
})
afterEach(async () => {
  client.disconnect()
  await server.stop()
})

function fault(name: string): Fault {
  const found = serverFaults(server).find((each) => each.name === name)
  if (found === undefined) throw new Error(`there is no fault named ${name}`)
  return found
}

test('set back: later writes are gone and deleted keys exist again', async () => {
  const setBack = fault('server set back')
  await client.mset('changed', 'old', 'deleted', 'old')
  await setBack.begin()
  await client.set('changed', 'new')
  await client.del('deleted')
  await setBack.end()
  expect(await client.mget('changed', 'deleted')).toEqual(['old', 'old'])
  // A pause, so that the snapshot is not mistaken for that of a later fault.
  const killed = fault('server killed')
  await killed.begin()
  await killed.end()
  expect(await client.dbsize()).toBe(0)
})

test('clean restart: no data is lost', async () => {
  const restart = fault('clean restart')
  await client.set('key', 'value')
  await restart.begin()
  await restart.end()
  expect(await client.get('key')).toBe('value')
})

const PROCESSES = (log: string[]): Processes => ({
  count: 4,
  freeze: () => undefined,
  thaw: () => undefined,
  kill: async (index) => {
    log.push(`kill ${index}`)
  },
  replace: async (index) => {
    log.push(`replace ${index}`)
  },
})

test.each([0, 1])('older snapshot: later writes are gone', async (index) => {
  const log: string[] = []
  const older = snapshotFaults(server, PROCESSES(log), 5_000)[index]
  await client.mset('changed', 'old', 'deleted', 'old')
  await older?.prepare?.()
  await client.set('changed', 'new')
  await client.del('deleted')
  await older?.begin()
  await older?.end()
  expect(await client.mget('changed', 'deleted')).toEqual(['old', 'old'])
  expect(log).toEqual(older?.kills === undefined ? [] : ['kill 3', 'replace 3'])
})

test('foreign data: exactly the changed data is reported', async () => {
  const changed: string[] = []
  const foreign = foreignData(server, (what) => changed.push(what))
  await foreign.begin()
  expect(await client.keys('*')).toHaveLength(4)
  await foreign.end()
  expect(changed).toEqual([])
  await foreign.begin()
  const [name = ''] = await client.keys('*')
  await client.del(name)
  await foreign.end()
  expect(changed).toHaveLength(1)
  expect(changed[0]).toContain(name)
  expect(await client.keys('*')).toEqual([])
})

test('values copied: values exist under the names of other keys', async () => {
  const copied = valuesCopied(server, 4)
  await client.set(`${PREFIX}${keyName(0)}`, 'value')
  await copied.begin()
  const copy = (): Promise<string | null> => client.get(`${PREFIX}${keyName(1)}`)
  await expect.poll(copy, WAIT).toBe('value')
  await copied.end()
})

test('subscriptions killed: other connections stay open', async () => {
  const subscriber = client.duplicate()
  subscriber.on('error', () => undefined)
  await subscriber.subscribe('news')
  let closed = 0
  subscriber.on('close', () => closed++)
  const id = await client.client('ID')
  await fault('subscriptions killed').begin()
  await expect.poll(() => closed, WAIT).toBe(1)
  expect(await client.client('ID')).toBe(id)
  subscriber.disconnect()
})

test('evicting: keys are evicted until the fault ends', async () => {
  const evicting = fault('server evicting')
  await client.mset(Object.fromEntries(Array.from({ length: 1_000 }, (_, key) => [key, 'value'])))
  await evicting.begin()
  const write = (): Promise<unknown> =>
    client.set('big', 'x'.repeat(500_000)).catch(() => undefined)
  await expect.poll(async () => [await write(), await client.dbsize()][1], WAIT).toBeLessThan(1_000)
  await evicting.end()
  expect(await client.set('key', 'value')).toBe('OK')
})

test('out of memory: writes are rejected until the fault ends', async () => {
  const outOfMemory = fault('out of memory')
  await outOfMemory.begin()
  await expect(client.set('key', 'value')).rejects.toThrow('OOM')
  await outOfMemory.end()
  expect(await client.set('key', 'value')).toBe('OK')
})

test('memory full in turns: writes are rejected and accepted in turns until the fault ends', async () => {
  const inTurns = fault('memory full in turns')
  await inTurns.begin()
  const write = (): Promise<string> => client.set('key', 'value').catch(String)
  await expect.poll(write, WAIT).toContain('OOM')
  await expect.poll(write, WAIT).toBe('OK')
  await expect.poll(write, WAIT).toContain('OOM')
  await inTurns.end()
  expect(await client.set('key', 'value')).toBe('OK')
})
