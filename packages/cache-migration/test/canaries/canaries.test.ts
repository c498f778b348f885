import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { generateAcl } from '@verbatim/cache-redis'
import { Certificates, type RedisServer, runProgram, startRedis } from '@verbatim/test-support'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Canaries, Scene } from './scene.js'

const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const RUN = program('./run.ts')
const COMMANDS = {
  'cache-redis': program('../../../cache-redis/src/cli.ts'),
  'cache-migrate': program('../../src/cli.ts'),
  'cache-ai': program('../../../cache-ai/src/cli.ts'),
}

const random = (): string => `canary${randomBytes(16).toString('hex')}`
const secrets: Canaries = {
  ...{ password: random(), user: random(), keyPart: random(), value: random() },
  ...{ passphrase: random(), url: random(), tenant: random(), prompt: random() },
  ...{ tag: random(), certificateKey: random(), token: random() },
  encryptionKey: randomBytes(32).toString('base64url'),
}
const keyRing = JSON.stringify({
  primary: '00000001',
  keys: [{ id: '00000001', state: 'enabled', key: secrets.encryptionKey }],
})

let certificates: Certificates
let servers: RedisServer[]
let scene: Scene

beforeAll(async () => {
  certificates = await Certificates.create()
  await certificates.authority('root')
  await Promise.all([certificates.issue('server', 'root'), certificates.issue('client', 'root')])
  await certificates.encryptKey('client', 'locked', 'another passphrase')
  const { redis, tlsPort } = await certificates.startServer('--tls-auth-clients', 'no')
  const paused = await startRedis()
  servers = [redis, paused]
  const admin = new Redis(redis.url)
  const [data] = generateAcl({ passwords: { data: secrets.password } })
  await admin.call('ACL', 'SETUSER', 'cache-data', ...(data?.rules ?? []))
  await admin.call('ACL', 'SETUSER', 'few', 'on', '>few', '~cache:*', '+ping', '+get')
  admin.disconnect()
  paused.pause()
  scene = {
    ...{ secrets, keyRing, dataPassword: secrets.password, folder: certificates.folder },
    ...{ redisUrl: redis.url, tlsUrl: `rediss://localhost:${tlsPort}`, pausedUrl: paused.url },
    fewPermissionsUrl: redis.url.replace('//', '//few:few@'),
  }
})
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()))
  await certificates[Symbol.asyncDispose]()
})

/** Returns the names of the secrets in a text, in each form in which programs write them, with the place. */
function foundIn(output: string): string[] {
  return Object.entries(secrets).flatMap(([name, secret]: [string, string]) => {
    const bytes = Buffer.from(secret)
    const forms = [secret, bytes.toString('base64').slice(0, -3), bytes.toString('hex')]
    const at = forms.map((form) => output.indexOf(form)).find((index) => index >= 0)
    if (at === undefined) return []
    return [
      `${name} after ${output
        .slice(0, at)
        .match(/^--- .*$/gm)
        ?.at(-1)}`,
    ]
  })
}

test('no output of a cache contains one of 12 secrets, whatever fails', async () => {
  const env = { CANARY_SCENE: JSON.stringify(scene) }
  const { out, err, code } = await runProgram(RUN, [], { env })
  expect(foundIn(out + err)).toEqual([])
  expect([code, err]).toEqual([0, ''])
  const faults = [
    ...['WRONGPASS', 'NOPERM', 'BACKEND_TIMEOUT', 'ECONNREFUSED', 'NOT_AUTHENTIC', 'UNKNOWN_KEY'],
    ...['NOT_SERIALIZABLE', 'INVALID_KEY', 'INVALID_REDIS_URL', 'INVALID_KEY_RING'],
  ]
  const metrics = ['verbatim_cache_operations_total', 'verbatim.cache.operations']
  expect([...faults, ...metrics].filter((text) => !out.includes(text))).toEqual([])
  expect(Number(/^(\d+) outputs$/m.exec(out)?.[1])).toBeGreaterThan(400)
}, 120_000)

test('no output of a command contains a secret, whatever fails', async () => {
  const { password, user, url, keyPart, value, tenant, prompt, tag, passphrase } = secrets
  const login = `redis://${user}:${password}@absent.invalid`
  const calls: readonly (readonly [keyof typeof COMMANDS, ...words: string[]])[] = [
    ['cache-redis', 'security', 'check', '--redis-url', login],
    ['cache-redis', 'security', 'report', '--redis-url', login, '--json'],
    ['cache-redis', 'security', 'check', '--redis-url', `${login}?${url}`],
    ['cache-redis', 'security', 'acl', '--database', value],
    ['cache-redis', 'security', 'check', value],
    ['cache-migrate', 'backup', '--redis-url', login, '--file', '-'],
    ['cache-migrate', 'inspect', `/absent`, '--json', keyPart],
    ['cache-migrate', 'diff', '--redis-url', scene.redisUrl, '--target-url', login],
    ['cache-ai', 'stats', '--redis-url', login],
    ['cache-ai', 'invalidate', '--redis-url', login, '--operation', prompt],
    ['cache-ai', 'stats', '--tenant', tenant, tag],
  ]
  const env = {
    ...{
      REDIS_ACL_USERNAME: user,
      REDIS_ACL_PASSWORD: password,
      REDIS_TLS_KEY_PASSPHRASE: passphrase,
    },
    ...{
      REDIS_TLS_KEY_PATH: certificates.file('locked.key'),
      AI_CACHE_REDIS_URL: `${login}/${url}`,
    },
    REDIS_TLS_CERT_PATH: certificates.file('client.crt'),
  }
  const check = async ([command, ...words]: (typeof calls)[number]): Promise<void> => {
    const { out, err, code } = await runProgram(COMMANDS[command], words, { env })
    expect([words, foundIn(out + err)]).toEqual([words, []])
    expect([words, code]).not.toEqual([words, 0])
  }
  for (const some of [calls.slice(0, 4), calls.slice(4, 8), calls.slice(8)]) {
    await Promise.all(some.map(check))
  }
}, 120_000)

test('a secret in an output is found', () => {
  expect(foundIn(`--- here\nx${secrets.token}x`)).toEqual(['token after --- here'])
  const encoded = Buffer.from(secrets.user).toString('base64')
  expect(foundIn(`--- there\n${encoded}`)).toEqual(['user after --- there'])
})
