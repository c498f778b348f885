import { expect, test } from 'vitest'
import { Owner, Place } from '../../src/codec/place.js'
import { OperationsInFlight } from '../../src/operations-in-flight.js'
import type { StoreParts } from '../../src/redis/store-parts.js'
import type { ValueBatch } from '../../src/redis/value-batch.js'
import { type Encoded, ValueCommands } from '../../src/redis/value-commands.js'
import { ValueSender } from '../../src/redis/value-sender.js'

const KEYS = ['a', 'b', 'c']

/**
 * Returns a sender whose server raised the generation unnoticed, and receives the writes under the new
 * generation as `replies` says.
 */
function senderOf(replies: readonly (boolean | 'late')[]): { sender: ValueSender; sent: string[] } {
  const sent: string[] = []
  const named = (key: string) => ({ name: key, place: placeOf(key) })
  const parts = {
    client: { isCluster: false },
    commandTimeoutMs: 1_000,
    counters: { wrote: () => undefined },
    generations: { lastKnown: () => 'old', current: () => Promise.resolve('new') },
    keyspace: { named, nameOf: (key: string) => key },
    masters: {
      clockFirst: () => undefined,
      of: () => ({
        clock: { read: () => ({ earliest: (now: number) => now }) },
        commands: {
          write: (_client: unknown, { name }: { name: string }) => {
            sent.push(name)
            return Promise.resolve(replies[sent.length - 1])
          },
          writeMany: () => Promise.resolve(true),
        },
      }),
    },
    run: (send: (client: unknown) => unknown) => Promise.resolve(send({})),
  }
  const all = parts as unknown as StoreParts
  const batch = {} as ValueBatch
  return { sender: new ValueSender(all, new ValueCommands(all), batch), sent }
}

function placeOf(key: string): Place {
  return new Place(new Owner('cache:', 0), key)
}

function sendAll(sender: ValueSender): Promise<unknown> {
  const operations = new OperationsInFlight()
  const writes = KEYS.map((key) => operations.begin('write', key))
  const encoded = KEYS.map((key): Encoded => {
    const bytes = { seal: () => Buffer.from(key), length: 1, revision: `revision of ${key}` }
    return { ...bytes, place: placeOf(key), ttlMs: 60_000, graceMs: 0 }
  })
  return sender.sendMany(writes, encoded, [])
}

test('a batch is sent again when the generation was raised unnoticed', async () => {
  // Another value has replaced that of the second key, so that it is not needed.
  const { sender, sent } = senderOf([true, false, true])
  await sendAll(sender)
  expect(sent).toEqual(KEYS)
})

test('a batch fails when a value arrives too late under the new generation', async () => {
  const { sender, sent } = senderOf([true, 'late', true])
  await expect(sendAll(sender)).rejects.toMatchObject({ code: 'BACKEND_TIMEOUT' })
  expect(sent).toEqual(['a', 'b'])
})
