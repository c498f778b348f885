import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  Certificates,
  freePort,
  type ProgramOutcome,
  type RedisServer,
  runProgram,
} from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GenericRedisCache, generateAcl, KeyRing } from '../../src/index.js'

const PROGRAM = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const PASSWORD = 'canary-of-a-long-password'
const LOGIN = { REDIS_ACL_USERNAME: 'cache-data', REDIS_ACL_PASSWORD: PASSWORD }

let certificates: Certificates
let redis: RedisServer
let tlsPort: number
let admin: Redis

beforeAll(async () => {
  certificates = await Certificates.create()
  await certificates.authority('root')
  await certificates.issue('server', 'root', { until: 20 })
  ;({ redis, tlsPort } = await certificates.startServer('--tls-auth-clients', 'no'))
  admin = new Redis(redis.url)
})
afterAll(async () => {
  admin.disconnect()
  await redis.stop()
  await certificates[Symbol.asyncDispose]()
})

/** Runs `cache-redis security`, and checks that it shows no password. */
async function run(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramOutcome> {
  const outcome = await runProgram(PROGRAM, ['security', ...words], { env })
  expect(outcome.out + outcome.err).not.toContain(PASSWORD)
  return outcome
}

/** Creates the users of a cache, and closes Redis to strangers, while a task runs. */
async function hardened<T>(task: () => Promise<T>): Promise<T> {
  for (const { name, rules } of generateAcl({ passwords: { data: PASSWORD } }).slice(0, 1)) {
    await admin.call('ACL', 'SETUSER', name, ...rules)
  }
  await admin.call('ACL', 'SETUSER', 'default', 'resetpass', `>${PASSWORD}`)
  try {
    return await task()
  } finally {
    await admin.call('ACL', 'SETUSER', 'default', 'nopass')
  }
}

const tlsUrl = (): string => `rediss://localhost:${tlsPort}`
const tls = (): Record<string, string> => ({
  ...LOGIN,
  REDIS_TLS_CA_PATH: certificates.file('root.crt'),
})

/** Replaces what differs between two runs. */
function masked(report: string): string {
  return report
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'DATE')
    .replaceAll(/\b\d+ days/g, 'SOME days')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'SERVER')
}

/** Returns the report in `docs/security.md` after a command. */
async function reportAfter(command: string): Promise<string> {
  const page = await readFile(new URL('../../docs/security.md', import.meta.url), 'utf8')
  const start = page.indexOf(`$ ${command}\n`)
  if (start < 0) throw new Error(`docs/security.md has no report of ${command}`)
  return page.slice(start + command.length + 3, page.indexOf('```', start))
}

describe('cache-redis security check', () => {
  test('prints the documented report for a Redis with default settings, and exits with 1', async () => {
    const { out, code } = await run(['check', '--redis-url', redis.url])
    expect(masked(out)).toBe(masked(await reportAfter('cache-redis security check')))
    expect(code).toBe(1)
  })

  test('prints the documented report for a user of generateAcl, and exits with 0', async () => {
    const { out, code } = await hardened(() => run(['check'], { ...LOGIN, REDIS_URL: redis.url }))
    const command = 'REDIS_ACL_USERNAME=cache-data REDIS_ACL_PASSWORD=… cache-redis security check'
    expect(masked(out)).toBe(masked(await reportAfter(command)))
    expect(code).toBe(0)
  })

  test('prints the documented report for TLS, and exits with 0', async () => {
    const { out, code } = await hardened(() => run(['check', '--redis-url', tlsUrl()], tls()))
    const command = 'cache-redis security check --redis-url rediss://localhost'
    expect(masked(out)).toBe(masked(await reportAfter(command)))
    expect(code).toBe(0)
  })

  test('prints JSON with names in snake case', async () => {
    const { out } = await hardened(() => run(['check', '--redis-url', tlsUrl(), '--json'], tls()))
    expect(JSON.parse(out)).toMatchObject({
      is_secure: true,
      servers: [{ tls_version: 'TLSv1.3', certificate: { matches_name: true } }],
      findings: [{ id: 'CERTIFICATE_EXPIRES' }],
    })
  })

  test('judges a server that cannot be reached, and a wrong login, as insecure', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`
    expect(await run(['check', '--redis-url', url])).toMatchObject({ code: 1, err: '' })
    const outcome = await run(['check'], {
      ...LOGIN,
      REDIS_ACL_USERNAME: 'nobody',
      REDIS_URL: redis.url,
    })
    expect(outcome).toMatchObject({ code: 1, err: '' })
    expect(outcome.out).toContain('NOT_CONNECTED')
  })

  test.each([
    ['--redis-url', ['check', '--redis-url', `http://a:${PASSWORD}@b`], {}],
    ['REDIS_URL', ['check'], { REDIS_URL: `http://a:${PASSWORD}@b` }],
    ['REDIS_TLS_CA_PATH', ['check'], { REDIS_TLS_CA_PATH: '/absent.crt' }],
    ['REDIS_USE_TLS', ['check'], { REDIS_USE_TLS: PASSWORD }],
    ['--key-prefix', ['acl', '--key-prefix', 'a b'], {}],
    ['--database', ['acl', '--database', 'x'], {}],
    ['--keys-file', ['keygen', '--keys-file', '/absent/cache.keys'], {}],
    ['--keys-file', ['reencrypt', '--keys-file', '/absent/cache.keys'], {}],
    ['the key ring', ['reencrypt', '--keys-file', fileURLToPath(import.meta.url)], {}],
  ])('names %s in the error for a wrong value, and exits with 2', async (name, words, env) => {
    const { code, err, out } = await run(words, env)
    expect(err).toContain(`error: ${name} `)
    expect([code, out]).toEqual([2, ''])
  })
})

describe('cache-redis security report', () => {
  test('prints a page in Markdown with the server and every finding', async () => {
    const { out, code } = await hardened(() => run(['report', '--redis-url', tlsUrl()], tls()))
    expect(out).toContain('Secure: 90 of 100 points')
    expect(out).toContain('| TLS | TLSv1.3 |')
    expect(out).toContain('| user | cache-data |')
    expect(out).toContain('- [ ] **warning CERTIFICATE_EXPIRES**')
    expect(code).toBe(0)
  })
})

describe('cache-redis security acl', () => {
  test('prints the commands for the users of a prefix', async () => {
    const { out, err, code } = await run(['acl', '--key-prefix', 'app:'])
    const lines = generateAcl({ keyPrefix: 'app:' }).map(({ line }) => line)
    expect(out.trim().split('\n')).toEqual(lines)
    expect(err).toContain('sha256sum')
    expect(code).toBe(0)
  })

  test('prints JSON', async () => {
    const { out, err } = await run(['acl', '--json'])
    expect(JSON.parse(out)).toEqual(generateAcl())
    expect(err).toBe('')
  })
})

describe('cache-redis security keygen', () => {
  test('writes a key ring into a new file that only its owner can read', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'verbatim-keys-'))
    try {
      const file = path.join(folder, 'cache.keys')
      const { out } = await run(['keygen', '--keys-file', file])
      const text = await readFile(file, 'utf8')
      const { primaryId } = KeyRing.parse(text.trim())
      expect(out).toBe(`created a key ring with the key ${primaryId}\n`)
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      const again = await run(['keygen', '--keys-file', file])
      expect(again).toMatchObject({ code: 2, out: '' })
      expect(again.err).toContain('EEXIST')
      expect(await readFile(file, 'utf8')).toBe(text)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('prints a key ring', async () => {
    const { out } = await run(['keygen'])
    expect(KeyRing.parse(out.trim()).keys).toHaveLength(1)
  })
})

describe('cache-redis security reencrypt', () => {
  test('prints the documented report, and exits with 1 for a value that cannot be decrypted', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'verbatim-keys-'))
    try {
      const old = KeyRing.generate()
      const added = old.add()
      const keys = added.promote(added.keys.at(-1)?.id ?? '')
      const keysFile = path.join(folder, 'cache.keys')
      await writeFile(keysFile, keys.export().reveal())
      const rings = {
        old,
        older: old,
        current: keys,
        plain: undefined,
        strange: KeyRing.generate(),
      }
      for (const [key, ring] of Object.entries(rings)) {
        const encryption = ring && { keys: ring }
        await using cache = new GenericRedisCache({
          ...{ redisUrl: redis.url, keyPrefix: 'app:', encryption },
        })
        await cache.set(key, 'value')
      }
      const words = ['reencrypt', '--keys-file', keysFile, '--key-prefix', 'app:']
      const server = ['--redis-url', redis.url]
      const dry = await run([...words, ...server, '--dry-run', '--json'])
      expect(dry).toMatchObject({ code: 1, err: '' })
      expect(JSON.parse(dry.out)).toEqual({
        ...{ reencrypted: 2, current: 1, unencrypted: 1, superseded: 0 },
        ...{ unreadable: { unknown_key: 1 }, key_id: keys.primaryId, dry_run: true },
      })
      const { code, out } = await run([...words, ...server])
      const shown = await reportAfter(
        'cache-redis security reencrypt --keys-file cache.keys --key-prefix app:',
      )
      expect(out.replace(keys.primaryId, 'KEY')).toBe(shown.replace(/key [\da-f]{8}/, 'key KEY'))
      expect(code).toBe(1)
      await admin.del('app:strange')
      const again = await run([...words, '--json'], { REDIS_URL: redis.url })
      expect(JSON.parse(again.out)).toMatchObject({ reencrypted: 0, current: 3, unreadable: {} })
      expect(again.code).toBe(0)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
