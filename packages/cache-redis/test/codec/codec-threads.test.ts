import { isDeepStrictEqual } from 'node:util'
import { Worker } from 'node:worker_threads'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { MAX_JSON_BYTES } from '../../src/codec/body.js'
import { sealLine } from '../../src/codec/stored-line.js'
import { encodeTaggedJson } from '../../src/codec/tagged-json.js'
import { CodecThreads } from '../../src/codec/workers/codec-threads.js'
import {
  type BytesCodec,
  codecWith,
  DETAILS,
  FRESH_UNTIL,
  GENERATION,
  MEBIBYTE,
  NO_THREADS,
  placeOf,
  SHAPES,
  startSourceWorker,
} from './codec-fixtures.js'
import { longestGap } from './longest-gap.js'

const started: Worker[] = []
const threads = new CodecThreads(() => keep(startSourceWorker()))
const options = { compressionLevel: 1 }
const codec = codecWith(threads, options)
const onTheLoop = codecWith(NO_THREADS, options)

function keep(worker: Worker): Worker {
  started.push(worker)
  return worker
}

/** Starts a thread that dies of its first request. Node 24 aborts when a thread is terminated inside of zlib. */
function startDyingWorker(): Worker {
  return new Worker(
    `const { parentPort } = require('node:worker_threads')
    parentPort.once('message', () => process.exit())
    parentPort.postMessage('ready')`,
    { eval: true },
  )
}

afterAll(() => Promise.all(started.map((worker) => worker.terminate())))

async function roundTrip(by: BytesCodec, value: unknown): Promise<unknown> {
  const { value: decoded } = await by.decode('key', await by.encode('key', value, DETAILS))
  return decoded
}

describe('large values come back', () => {
  test.each(Object.entries(SHAPES))('%s', async (_name, make) => {
    for (const size of [1.5, 3]) {
      const value = make(size * MEBIBYTE)
      expect(isDeepStrictEqual(await roundTrip(codec, value), value), `${size} MiB`).toBe(true)
    }
    expect(started.length).toBeGreaterThan(0)
  })

  test('with anything in them', async () => {
    const item = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: false,
      key: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('$date', '$$', '__proto__')),
    })
    const shapes: ((items: unknown[]) => unknown)[] = [
      (items) => items,
      (items) => Object.fromEntries(items.map((each, index) => [`$${index}`, each])),
      (items) => new Map(items.map((each, index) => [index, each])),
      (items) => ({ inside: [new URL('https://example.org'), { items }], after: items[0] }),
    ]
    await fc.assert(
      fc.asyncProperty(item, fc.constantFrom(...shapes), async (each, shape) => {
        const padded = [each, 'x'.repeat(300)]
        const value = shape(Array.from({ length: 5_000 }, () => padded))
        // Not toStrictEqual, which would print the megabytes in which they differ.
        expect(encodeTaggedJson(await roundTrip(codec, value)) === encodeTaggedJson(value)).toBe(
          true,
        )
      }),
      { numRuns: 12 },
    )
  }, 60_000)

  test('nested as deep as is allowed', async () => {
    const text = 'x'.repeat(2 * MEBIBYTE)
    for (const wrap of [
      (inner: unknown) => [inner],
      (inner: unknown) => ({ $inner: inner }),
      (inner: unknown) => new Map([[0, inner]]),
    ]) {
      let value: unknown = text
      for (let level = 0; level < 512; level++) value = wrap(value)
      expect(encodeTaggedJson(await roundTrip(codec, value)) === encodeTaggedJson(value)).toBe(true)
    }
  })

  test('in the same bytes as without threads', async () => {
    const value = SHAPES['rows of a table']?.(2 * MEBIBYTE)
    const [one, other] = await Promise.all([
      codec.encode('key', value, DETAILS),
      onTheLoop.encode('key', value, DETAILS),
    ])
    expect(one).toStrictEqual(other)
    expect(await onTheLoop.decode('key', one)).toStrictEqual(await codec.decode('key', other))
  })

  test('as they were at the call', async () => {
    const rows = Array.from({ length: 100 }, (_, id) => ({ id, text: 'x'.repeat(20_000) }))
    const vector = Array.from({ length: 10_000 }, (_, index) => index / 7)
    const value = { rows, vector }
    const before = encodeTaggedJson(value)
    // More than run at once, so that some wait.
    const encodings = Array.from({ length: 5 }, () => codec.encode('key', value, DETAILS))
    for (const row of rows.splice(10)) row.text = 'later'
    for (const row of rows) row.text = 'later'
    vector.fill(0)
    for (const bytes of await Promise.all(encodings)) {
      expect(encodeTaggedJson((await codec.decode('key', bytes)).value) === before).toBe(true)
    }
  })
})

describe('bodies that cannot be read are refused', () => {
  const refused = { message: expect.stringMatching(/^unreadable: /) as string }

  function sealed(content: Uint8Array, compressed: boolean, decodedLength: number): Buffer {
    const body = { content, length: content.length, compressed, decodedLength }
    const line = { ...DETAILS, tags: [], freshUntil: FRESH_UNTIL, generation: GENERATION, body }
    return Buffer.from(sealLine(placeOf('key'), line))
  }

  test('a body that is longer than it says is refused before it is unpacked', async () => {
    const bomb = deflateSync(Buffer.alloc(512 * MEBIBYTE), { level: 1 })
    const before = process.memoryUsage().rss
    for (const says of [100, 100_000, 2 * MEBIBYTE, MAX_JSON_BYTES + 1, 2 ** 32 - 1]) {
      const startedAt = performance.now()
      await expect(codec.decode('key', sealed(bomb, true, says))).rejects.toMatchObject(refused)
      // Unpacking it would take one second at least.
      expect(performance.now() - startedAt).toBeLessThan(500)
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MEBIBYTE)
  })

  test('a body that is not tagged JSON, or is shorter than it says, is refused', async () => {
    for (const text of [
      'x'.repeat(2 * MEBIBYTE),
      `{"$unknown":"${'x'.repeat(2 * MEBIBYTE)}"}`,
      `[${'['.repeat(2 * MEBIBYTE)}`,
      `${'['.repeat(MEBIBYTE)}${']'.repeat(MEBIBYTE)}`,
      `{"$set":${'{"$set":['.repeat(100_000)}"${'x'.repeat(MEBIBYTE)}"${']}'.repeat(100_000)}}`,
    ]) {
      const plain = Buffer.from(text)
      await expect(codec.decode('key', sealed(plain, false, plain.length))).rejects.toMatchObject(
        refused,
      )
      await expect(
        codec.decode('key', sealed(deflateSync(plain), true, plain.length + 1)),
      ).rejects.toMatchObject(refused)
    }
    expect(await roundTrip(codec, ['x'.repeat(2 * MEBIBYTE)])).toHaveLength(1)
  })
})

describe('trouble', () => {
  const large = ['x'.repeat(2 * MEBIBYTE)]

  test('when the thread of a job dies, the job fails and the next has another thread', async () => {
    const bytes = await onTheLoop.encode('key', large, DETAILS)
    for (const work of [
      (by: BytesCodec) => by.encode('key', large, DETAILS),
      (by: BytesCodec) => by.decode('key', bytes),
    ]) {
      const start = vi.fn(startSourceWorker).mockImplementationOnce(startDyingWorker)
      const mortal = codecWith(new CodecThreads(() => keep(start())), options)
      const [failed, ...others] = await Promise.allSettled([1, 2, 3].map(() => work(mortal)))
      expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'CODEC_FAILED' } })
      expect(others.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    }
  })

  test('more than may wait is refused, and what waits is done', async () => {
    const value = ['x'.repeat(60 * MEBIBYTE)]
    const encodings = Array.from({ length: 8 }, () => codec.encode('key', value, DETAILS))
    const results = await Promise.allSettled(encodings)
    expect(results.slice(0, 4).every(({ status }) => status === 'fulfilled')).toBe(true)
    expect(results.at(-1)).toMatchObject({
      status: 'rejected',
      reason: { code: 'CODEC_FAILED', message: expect.stringContaining('too many') },
    })
    await roundTrip(codec, large)
  })

  test('without threads all is done on the event loop', async () => {
    for (const make of Object.values(SHAPES)) {
      const value = make(1.5 * MEBIBYTE)
      expect(isDeepStrictEqual(await roundTrip(onTheLoop, value), value)).toBe(true)
    }
  })
})

test.each(['embeddings', 'rows of a table'])(
  'the event loop goes on during the conversion of %s',
  async (name) => {
    const value = SHAPES[name]?.(8 * MEBIBYTE)
    const bytes = await codec.encode('key', value, DETAILS)
    for (const work of [
      (by: BytesCodec) => by.encode('key', value, DETAILS),
      (by: BytesCodec) => by.decode('key', bytes),
    ]) {
      // Whatever else the machine does makes some gaps longer, and no gap shorter.
      let ratio = Number.POSITIVE_INFINITY
      for (let attempt = 0; attempt < 10 && ratio > 0.6; attempt++) {
        const gap = await longestGap(() => work(codec))
        ratio = Math.min(ratio, gap / (await longestGap(() => work(onTheLoop))))
      }
      expect(ratio).toBeLessThan(0.95)
    }
  },
)
