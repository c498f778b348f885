import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MessageReader } from '../../src/resp/message-reader.js'

const RETURN = Buffer.from('\r\n')

const line = (type: string, text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  text.map((chosen) => Buffer.from(`${type}${chosen}\r\n`))

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((chosen) => Buffer.from(chosen)),
  fc.constantFrom('\r\n', '$3\r\nabc\r\n', '*1\r\n', '').map((text) => Buffer.from(text)),
)

const blob = (type: string): fc.Arbitrary<Buffer> =>
  bytes.map((chosen) => Buffer.concat([Buffer.from(`${type}${chosen.length}\r\n`), chosen, RETURN]))

const oneLine = fc.string({ maxLength: 20 }).map((text) => text.replaceAll(/[\r\n]/g, ' '))

const { value, push } = fc.letrec<Record<'value' | 'push' | 'list' | 'map' | 'attributed', Buffer>>(
  (tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.oneof(line('+', oneLine), line('-', oneLine), line(':', fc.integer().map(String))),
      fc.oneof(line('_', fc.constant('')), line('#', fc.constantFrom('t', 'f'))),
      fc.oneof(line(',', fc.double().map(String)), line('(', fc.bigInt().map(String))),
      fc.oneof(line('$', fc.constant('-1')), line('*', fc.constant('-1'))),
      fc.oneof(blob('$'), blob('!'), blob('=')),
      tie('list'),
      tie('map'),
      tie('attributed'),
    ),
    push: fc
      .array(tie('value'), { maxLength: 4 })
      .map((items) => Buffer.concat([Buffer.from(`>${items.length}\r\n`), ...items])),
    list: fc
      .tuple(
        fc.constantFrom('*', '~'),
        fc.array(
          fc.tuple(fc.option(tie('push'), { nil: Buffer.alloc(0), freq: 9 }), tie('value')),
          {
            maxLength: 4,
          },
        ),
      )
      .map(([type, items]) =>
        Buffer.concat([Buffer.from(`${type}${items.length}\r\n`), ...items.flat()]),
      ),
    map: fc
      .array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 })
      .map((pairs) => Buffer.concat([Buffer.from(`%${pairs.length}\r\n`), ...pairs.flat()])),
    attributed: fc
      .tuple(tie('value'), tie('value'), tie('value'))
      .map((parts) => Buffer.concat([Buffer.from('|1\r\n'), ...parts])),
  }),
)

const command = fc
  .array(blob('$'), { minLength: 1, maxLength: 5 })
  .map((words) => Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...words]))

const typed = fc
  .stringMatching(/^[a-zA-Z ]{0,20}$/)
  .chain((text) => fc.constantFrom(`${text}\r\n`, `${text}\n`))
  .map((text) => Buffer.from(text))

/** Splits a stream into chunks at the given positions. */
function chunked(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const places = cuts.map((cut) => cut % (stream.length + 1)).toSorted((a, b) => a - b)
  return [0, ...places].map((start, index) => stream.subarray(start, places[index]))
}

function readAll(
  chunks: readonly Buffer[],
  inline: boolean,
): { messages: Buffer[]; rest: Buffer; broken: boolean } {
  const reader = new MessageReader({ inline })
  const messages: Buffer[] = []
  for (const chunk of chunks) reader.feed(chunk, (message) => messages.push(message))
  return { messages, rest: reader.takeRest(), broken: reader.broken }
}

const cuts = fc.array(fc.nat(), { maxLength: 30 })
const byteByByte = (stream: Buffer): Buffer[] => [...stream].map((byte) => Buffer.from([byte]))

describe('complete messages are unchanged, independent of the chunks', () => {
  test('of replies', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(value, push)), cuts, (messages, places) => {
        const stream = Buffer.concat(messages)
        const expected = { messages, rest: Buffer.alloc(0), broken: false }
        expect(readAll([stream], false)).toEqual(expected)
        expect(readAll(chunked(stream, places), false)).toEqual(expected)
        expect(readAll(byteByByte(stream), false)).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('of commands and inline commands', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(command, typed)), cuts, (messages, places) => {
        const stream = Buffer.concat(messages)
        const expected = { messages, rest: Buffer.alloc(0), broken: false }
        expect(readAll([stream], true)).toEqual(expected)
        expect(readAll(chunked(stream, places), true)).toEqual(expected)
        expect(readAll(byteByByte(stream), true)).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('except for an incomplete message, which is the rest', () => {
    fc.assert(
      fc.property(value, fc.nat(), cuts, (message, place, places) => {
        const part = message.subarray(0, place % message.length)
        const expected = { messages: [], rest: part, broken: false }
        expect(readAll(chunked(part, places), false)).toEqual(expected)
      }),
    )
  })
})

describe('a stream that is not RESP', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((chosen) => Buffer.from(chosen)),
    fc
      .array(fc.constantFrom('*', '$', '>', '%', '|', '-', '1', '9', '0', '\r', '\n', 'a'))
      .map((letters) => Buffer.from(letters.join(''))),
    fc.tuple(value, fc.nat(), fc.nat(255)).map(([message, place, byte]) => {
      const damaged = Buffer.from(message)
      damaged[place % damaged.length] = byte
      return damaged
    }),
  )

  test('loses no byte, independent of its chunks', () => {
    fc.assert(
      fc.property(noise, cuts, fc.boolean(), (stream, places, inline) => {
        const whole = readAll([stream], inline)
        expect(Buffer.concat([...whole.messages, whole.rest])).toEqual(stream)
        expect(readAll(chunked(stream, places), inline)).toEqual(whole)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    ['TLS', '\x16\x03\x01\x02\x00\x01'],
    ['an unknown type', '?1\r\n'],
    ['a length that is no number', '$abc\r\n'],
    ['a length with a sign', '$+3\r\nabc\r\n'],
    ['no length', '*\r\n'],
    ['a length beyond what Redis takes', '$9999999999\r\n'],
    ['a line without its return', '+OK\n'],
    ['another length below zero', '*-2\r\n'],
  ])('is detected at its first bytes: %s', (_name, text) => {
    const stream = Buffer.from(text, 'latin1')
    expect(readAll([stream], false)).toEqual({ messages: [], rest: stream, broken: true })
  })

  test('is detected by the first byte of TLS', () => {
    expect(readAll([Buffer.from([0x16])], true).broken).toBe(true)
  })
})

describe('hostile messages take linear time', () => {
  const hostile: readonly (readonly [string, (times: number) => string])[] = [
    ['lists in each other', (times) => '*1\r\n'.repeat(times)],
    ['empty lists', (times) => '*0\r\n'.repeat(times)],
    ['a list said to be very long', (times) => `*4294967296\r\n${':1\r\n'.repeat(times)}`],
    ['a line without end', (times) => `+${'long'.repeat(times)}`],
    ['attributes', (times) => '|0\r\n'.repeat(times)],
  ]
  const [few, many] = [20_000, 120_000]

  test.each(hostile)('%s', (_name, makeStream) => {
    for (const size of [Number.POSITIVE_INFINITY, 1_000, 7]) {
      const quick = quickestRead(inChunks(makeStream(few), size))
      const long = quickestRead(inChunks(makeStream(many), size))
      // Six times the bytes take six times as long. Quadratic time would be 36 times as long.
      expect(long).toBeLessThan(15 * quick + 50)
    }
  })

  test('a line without an end is rejected', () => {
    expect(readAll([Buffer.from(`+${'long'.repeat(300_000)}`)], false).broken).toBe(true)
  })
})

function inChunks(text: string, size: number): Buffer[] {
  const stream = Buffer.from(text)
  const step = Math.min(size, stream.length)
  return Array.from({ length: Math.ceil(stream.length / step) }, (_, index) =>
    stream.subarray(index * step, (index + 1) * step),
  )
}

/** Returns the shortest of several durations in milliseconds. Other load of the machine only adds time. */
function quickestRead(chunks: readonly Buffer[]): number {
  const times = Array.from({ length: 3 }, () => {
    const startedAt = performance.now()
    const { messages, rest } = readAll(chunks, false)
    const took = performance.now() - startedAt
    // All bytes must be in the output.
    expect(sizeOf([...messages, rest])).toBe(sizeOf(chunks))
    return took
  })
  return Math.min(...times)
}

function sizeOf(buffers: readonly Buffer[]): number {
  return buffers.reduce((sum, { length }) => sum + length, 0)
}
