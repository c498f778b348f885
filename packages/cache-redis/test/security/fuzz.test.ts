import { crc32, deflateSync } from 'node:zlib'
import { ConfigurationError, SecurityError, SerializationError } from '@verbatim/cache-core'
import {
  type FuzzOutcome,
  type FuzzTarget,
  fuzz,
  printOutcomes,
} from '@verbatim/test-support/fuzzing'
import { afterAll, describe, expect, test } from 'vitest'
import { toHex } from '../../src/codec/place.js'
import { KIND_OFFSET } from '../../src/codec/stored-line.js'
import { decodeTaggedJson, encodeTaggedJson } from '../../src/codec/tagged-json.js'
import { ValueCodec } from '../../src/codec/value-codec.js'
import { forbiddenPart, meaningOf, replyOf } from '../../src/connection/error-replies.js'
import { parseAddress, parseRedisUrl } from '../../src/connection/redis-url.js'
import { ValueEncryption } from '../../src/encryption/value-encryption.js'
import { createSecurityConfigFromEnv, KeyRing } from '../../src/index.js'
import { Keyspace } from '../../src/redis/keyspace.js'
import { readRecords } from '../../src/redis/records.js'
import { codecWith, DETAILS, NO_THREADS, placeOf } from '../codec/codec-fixtures.js'

/** Inputs of each decoder; a twentieth of them for configurations, which check cipher suites with OpenSSL. */
const INPUTS = Number(process.env['FUZZ_INPUTS'] ?? 20_000)
const MEBIBYTE = 1_024 * 1_024

const keys = KeyRing.generate()
const twoKeys = keys.add()
const encryption = new ValueEncryption({ keys, compress: true, allowPlaintextReads: true })
const settings = { compressionThreshold: 100, compressionLevel: 6, monitor: undefined, encryption }
const codec = new ValueCodec(settings, NO_THREADS)
const place = placeOf('key')

const VALUES = [
  { answer: 42, text: 'verbatim', nothing: null },
  { when: new Date(0), bytes: Buffer.from('bytes'), big: 2n ** 70n, not: Number.NaN },
  new Map<unknown, unknown>([
    ['a', new Set([1, -0, undefined])],
    [{ $date: 1 }, [1, 3]],
  ]),
  [new URL('https://example.org/a?b'), new Float64Array([1, 2]), { text: 'long '.repeat(100) }],
]

const texts = (...all: readonly string[]): Buffer[] => all.map((text) => Buffer.from(text))

/** Returns the line with a right checksum, as someone who can write to Redis would write it. */
function withChecksum(line: Buffer): Buffer {
  if (line.length <= KIND_OFFSET) return line
  const checksum = toHex(crc32(line.subarray(KIND_OFFSET), place.seed))
  return Buffer.concat([Buffer.from(`V2 ${place.text} ${checksum} `), line.subarray(KIND_OFFSET)])
}

function compressedLine(body: Buffer, decodedLength: number): Buffer {
  const words = `z${DETAILS.revision} 1794890000000 0 0 ${decodedLength} 1.x8Kq02aB\n`
  const head = Buffer.from(`V2 ${place.text} 00000000 ${words}`)
  return withChecksum(Buffer.concat([head, body]))
}

async function linesOf(): Promise<Buffer[]> {
  const plain = codecWith(NO_THREADS, { compressionThreshold: 100 })
  const encrypted = codecWith(NO_THREADS, { compressionThreshold: 100, encryption })
  const lines: Buffer[] = []
  for (const each of [plain, encrypted]) {
    for (const value of VALUES) lines.push(await each.encode('key', value, DETAILS))
  }
  const tags = '[["tag","version"],["__proto__","x"]]'
  const tagged = `=${DETAILS.revision} 1794890000000 0 0 13 1.x8Kq02aB ${tags}\n{"answer":42}`
  lines.push(Buffer.from(`V2 ${place.text} 00000000 ${tagged}`))
  return [...lines, ...texts('rawj:{"a":1}', `V2 ${place.text} 00000000 ?${DETAILS.revision} 1`)]
}

const errorOf =
  (...kinds: readonly (abstract new (...args: never[]) => Error)[]) =>
  (error: unknown): boolean =>
    kinds.some((kind) => error instanceof kind)

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'
const ENVIRONMENTS = [
  { REDIS_AUTH: 'secret', REDIS_USE_TLS: 'true', REDIS_TLS_SERVER_NAME: 'a.example' },
  { REDIS_ACL_USERNAME: 'a', REDIS_ACL_PASSWORD: 'b', REDIS_TLS_CIPHER_SUITES: 'ALL:!aNULL' },
  { REDIS_TLS_CA_PATH: '/absent', REDIS_TLS_MIN_VERSION: 'TLSv1.3', REDIS_AUTH: PEM },
]
const keyspace = new Keyspace('cache:', 0)

const TARGETS: Readonly<Record<string, () => FuzzTarget | Promise<FuzzTarget>>> = {
  'stored line': async () => ({
    corpus: await linesOf(),
    decode: (bytes) => codec.decode(place, bytes),
  }),
  'stored line with a right checksum': async () => ({
    corpus: await linesOf(),
    decode: (bytes) => codec.decode(place, withChecksum(bytes)),
  }),
  'tagged JSON': () => ({
    corpus: texts(...VALUES.map(encodeTaggedJson), '{"__proto__":{"a":1}}', '[1,{"$hole":0}]'),
    decode: (bytes) => decodeTaggedJson(bytes.toString()),
    // A typed array or a date can have a wrong length or time. A full stack is a RangeError too.
    isExpected: (error) =>
      errorOf(SyntaxError, TypeError, SerializationError, RangeError)(error) &&
      !String(error).includes('call stack'),
  }),
  'Redis URL': () => ({
    corpus: texts('redis://u:p@h:1/2', 'rediss://[::1]:6379', 'unix:///a%20b', 'REDIS://%41@x'),
    decode: (bytes) => parseRedisUrl(bytes.toString()),
    isExpected: errorOf(ConfigurationError),
  }),
  'security configuration': () => ({
    corpus: texts(...ENVIRONMENTS.map((variables) => JSON.stringify(variables))),
    decode: (bytes) => createSecurityConfigFromEnv(variablesIn(bytes)),
    isExpected: errorOf(ConfigurationError),
  }),
  'key ring': () => ({
    corpus: texts(
      keys.export().reveal(),
      twoKeys
        .disable(twoKeys.keys[1]?.id ?? '')
        .export()
        .reveal(),
    ),
    decode: (bytes) => KeyRing.parse(bytes.toString()),
    isExpected: errorOf(ConfigurationError),
  }),
  'encrypted message': () => ({
    corpus: [keys.seal('a message', 'data'), keys.add().seal('', 'data')],
    decode: (bytes) => keys.open(bytes, 'data'),
    isExpected: errorOf(SecurityError),
  }),
  'reply to ACL and other errors': () => ({
    corpus: texts(
      "NOPERM this user has no permissions to run the 'client|tracking' command",
      "ERR The user executing the script can't run this command or subcommand",
      'NOPERM No permissions to access a key',
      "ERR unknown command 'HELLO', with args beginning with: '3'",
      'MOVED 3999 127.0.0.1:6381',
    ),
    decode: (bytes) => {
      const error = new Error(bytes.toString())
      return [meaningOf(replyOf(error)), forbiddenPart(error), parseAddress(error.message)]
    },
  }),
  'invalidation message': () => ({
    corpus: texts(
      ...['cache:key', 'cache:\0\0key', 'cache:\0{slot 0}generation', 'other:key'],
      keyspace.nameOfTag('tag'),
    ),
    decode: (bytes) => {
      const name = String(bytes)
      return [keyspace.keyOf(name), keyspace.tagOf(name), keyspace.isRecord(name)]
    },
  }),
  'records of a prefix': () => ({
    corpus: texts(
      `V2 ${place.text} 00000000 !1.x8Kq02aB`,
      '12',
      `V2 ${place.text} 00000000 #a-b.1`,
    ),
    decode: (bytes) => {
      const text = bytes.toString()
      return readRecords(place.text, [text, text, text])
    },
  }),
}

function variablesIn(bytes: Buffer): Record<string, string> {
  try {
    const parsed: unknown = JSON.parse(bytes.toString())
    return Object.fromEntries(
      Object.entries(parsed ?? {}).map(([name, text]) => [name, String(text)]),
    )
  } catch {
    return { REDIS_ACL_PASSWORD: bytes.toString(), REDIS_ACL_USERNAME: bytes.toString('latin1') }
  }
}

const outcomes = new Map<string, FuzzOutcome>()
afterAll(() => printOutcomes(outcomes))

describe('changed inputs', () => {
  test.each(Object.entries(TARGETS))(
    'of a %s neither crash nor block nor fill the memory',
    async (name, target) => {
      const inputs = name === 'security configuration' ? Math.ceil(INPUTS / 20) : INPUTS
      const outcome = await fuzz(await target(), inputs)
      outcomes.set(name, outcome)
      expect(outcome.growthBytes).toBeLessThan(64 * MEBIBYTE)
      expect(outcome.accepted).toBeGreaterThan(0)
    },
    3_600_000,
  )
})

describe('a decompression bomb', () => {
  const zeros = Buffer.alloc(16 * MEBIBYTE)

  test.each([
    ['a small length', 13],
    ['its own length', zeros.length],
    ['the largest length', 2 ** 29],
    ['a negative length', -1],
  ])('that declares %s is rejected', async (_name, decodedLength) => {
    const bomb = compressedLine(deflateSync(zeros, { level: 9 }), decodedLength)
    const startedAt = performance.now()
    const outcome = await codec.decode(place, bomb)
    expect(outcome).toHaveProperty('unreadable')
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })

  test('inside another one is rejected', async () => {
    const inner = deflateSync(zeros, { level: 9 })
    const outcome = await codec.decode(place, compressedLine(deflateSync(inner), inner.length))
    expect(outcome).toHaveProperty('unreadable')
  })
})
