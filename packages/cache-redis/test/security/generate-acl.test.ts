import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { Secret } from '@verbatim/cache-core'
import { Redis } from 'ioredis'
import { beforeAll, describe, expect, test } from 'vitest'
import { type GenericRedisCache, generateAcl } from '../../src/index.js'
import {
  type AclRole,
  COMMANDS,
  INVALIDATION_CHANNEL,
  ROLES,
} from '../../src/security/permissions.js'
import { sharedRedis } from '../set-up.js'

const at = sharedRedis()
const PASSWORD = 'a password of the test'
const ROLE_NAMES = Object.keys(ROLES) as AclRole[]
const VALUE_NAME = 'cache:key'
const RECORD_NAME = 'cache:\0{slot 0}generation'

interface ServerCommand {
  readonly name: string
  /** The number of words; negative for at least so many. */
  readonly arity: number
  readonly flags: readonly string[]
  readonly hasKeys: boolean
}

/** All commands of the server, but not the names that only contain others, such as `client`. */
let commands: readonly ServerCommand[]

beforeAll(async () => {
  const names = (await at.raw.call('COMMAND', 'LIST')) as string[]
  const containers = new Set(names.map((name) => name.split('|')[0]))
  const isContainer = (name: string): boolean =>
    containers.has(name) && names.some((each) => each.startsWith(`${name}|`))
  const described = names.filter((name) => !isContainer(name))
  const replies = (await at.raw.call('COMMAND', 'INFO', ...described)) as unknown[][]
  commands = replies.map(([name, arity, flags, , , , , , specifications]) => ({
    name: String(name),
    arity: Number(arity),
    flags: flags as string[],
    hasKeys: (specifications as unknown[]).length > 0,
  }))
})

async function createUsers(): Promise<void> {
  const passwords = { data: PASSWORD, invalidation: new Secret(PASSWORD), migration: PASSWORD }
  for (const { name, rules } of generateAcl({ passwords })) {
    expect(await at.raw.call('ACL', 'SETUSER', name, ...rules)).toBe('OK')
  }
}

/** Returns whether a user may run a command on a name. */
async function mayRun(
  role: AclRole,
  { name, arity }: Pick<ServerCommand, 'name' | 'arity'>,
  keyName: string,
): Promise<boolean> {
  const words = name.split('|')
  const rest = Array.from({ length: Math.abs(arity) - words.length }, () => keyName)
  if (name === 'subscribe') rest.fill(INVALIDATION_CHANNEL)
  // The keys of a script follow their number.
  if (/^eval|^fcall/.test(name)) rest.splice(1, rest.length, '1', keyName)
  const reply = await at.raw.call('ACL', 'DRYRUN', `cache-${role}`, ...words, ...rest)
  if (reply === 'OK') return true
  expect(String(reply)).toMatch(/has no permissions/)
  return false
}

async function allowedOn(role: AclRole, keyName: string): Promise<string[]> {
  // All at once: the server answers them in one round trip.
  const answers = await Promise.all(commands.map((command) => mayRun(role, command, keyName)))
  return commands.flatMap(({ name }, index) => (answers[index] ? [name] : [])).toSorted()
}

describe('the users of generateAcl', () => {
  test.each(ROLE_NAMES)(
    '%s may run the declared commands of the server, and no other',
    async (role) => {
      await createUsers()
      expect(commands.length).toBeGreaterThan(300)
      // Redis permits these to every connection: AUTH, HELLO, QUIT and RESET.
      const open = commands.filter(({ flags }) => flags.includes('no_auth')).map(({ name }) => name)
      expect(open.length).toBeLessThanOrEqual(4)
      const { commands: onKeys, recordCommands } = ROLES[role]
      expect(await allowedOn(role, VALUE_NAME)).toEqual([...open, ...onKeys].toSorted())
      const onRecords = [...open, ...onKeys, ...recordCommands]
      expect(await allowedOn(role, RECORD_NAME)).toEqual([...new Set(onRecords)].toSorted())
    },
  )

  test.each(ROLE_NAMES)('%s has no access to keys of other prefixes', async (role) => {
    await createUsers()
    const withKeys = commands.filter(({ hasKeys }) => hasKeys)
    for (const name of ['other:key', 'cache', 'acache:key']) {
      const answers = await Promise.all(withKeys.map((command) => mayRun(role, command, name)))
      expect([name, answers.includes(true)]).toEqual([name, false])
    }
  })

  test('see the names of keys of other prefixes, which Redis does not prevent', async () => {
    await createUsers()
    await at.raw.set('other:key', 1)
    const client = new Redis(at.redis.url, { username: 'cache-data', password: PASSWORD })
    const [, names] = await client.scan('0', 'MATCH', 'other:*')
    const id = await client.client('ID')
    const mode = ['ON', 'REDIRECT', id, 'BCAST', 'PREFIX', 'other:'] as const
    expect(await client.call('CLIENT', 'TRACKING', ...mode)).toBe('OK')
    client.disconnect()
    expect(names).toEqual(['other:key'])
  })

  test('of data may subscribe to invalidations, and to no other channel', async () => {
    await createUsers()
    const subscribe = ['ACL', 'DRYRUN', 'cache-data', 'subscribe'] as const
    expect(await at.raw.call(...subscribe, INVALIDATION_CHANNEL)).toBe('OK')
    expect(await at.raw.call(...subscribe, 'other')).toMatch(/no permissions/)
  })

  test('may use other databases only where the cache has another one than 0', () => {
    const [data] = generateAcl({ database: 3 })
    expect(data?.rules).toContain('+select')
    expect(generateAcl().some(({ rules }) => rules.includes('+select'))).toBe(false)
  })
})

function openAs(role: AclRole, options = {}): Promise<GenericRedisCache> {
  const securityConfig = { aclUsername: `cache-${role}`, aclPassword: PASSWORD }
  return at.openConnected({
    ...{ securityConfig, onBackendError: 'throw', commandTimeout: 5_000 },
    ...options,
  })
}

describe('a cache', () => {
  test('of the data user does everything and is judged secure', async () => {
    await createUsers()
    const cache = await openAs('data')
    await cache.setMany([
      ['one', 1],
      ['two', 2],
    ])
    expect(await cache.getOrSet('three', () => 3, { tags: ['a'] })).toBe(3)
    await cache.invalidateTags(['a'])
    expect(await cache.getMany(['one', 'two', 'three'])).toEqual(
      new Map([
        ['one', 1],
        ['two', 2],
      ]),
    )
    expect(await cache.clear()).toBe(2)
    expect((await cache.getServerInfo()).connectedClients).toBeGreaterThan(0)
    expect(cache.getStats().redis).toMatchObject({ scripting: 'scripts', errors: {} })
    const validation = await cache.validateSecurity()
    expect(validation?.servers).toMatchObject([{ user: 'cache-data', dangerousCommands: [] }])
    expect(validation?.findings.map(({ id }) => id)).not.toContain('PERMISSIONS_NOT_VISIBLE')
  })

  test('of the invalidation user deletes, and stores nothing', async () => {
    await createUsers()
    const writer = await openAs('data')
    for (const key of ['a:1', 'a:2', 'b:1', 'b:2']) await writer.set(key, key, { tags: [key] })
    const cache = await openAs('invalidation', { enableL1Cache: false })
    expect(await cache.invalidatePattern('a:*')).toBe(2)
    expect(await cache.delete('b:1')).toBe(true)
    await cache.invalidateTags(['b:2'])
    expect(await writer.get('b:2')).toBeUndefined()
    await writer.set('c', 'by the data user')
    expect(await cache.clear()).toBe(1)
    // A refused write voids the value before it.
    await expect(cache.set('c', 'a value')).rejects.toThrow('Redis refused the command')
    expect(await writer.get('c')).toBeUndefined()
  })
})

describe('generateAcl', () => {
  test('prints commands that redis-cli understands, and no password', () => {
    const users = generateAcl({ keyPrefix: 'a*"\\b:', passwords: { data: PASSWORD } })
    expect(users.map(({ name }) => name)).toEqual([
      'a*"\\b-data',
      'a*"\\b-invalidation',
      'a*"\\b-migration',
    ])
    expect(users[0]?.line).toContain('ACL SETUSER "a*\\"\\\\b-data" reset on #')
    expect(users[0]?.line).toContain(' "~a\\\\*\\"\\\\\\\\b:*" ')
    expect(users[0]?.rules).toContain(`#${createHash('sha256').update(PASSWORD).digest('hex')}`)
    expect(inspect(users, { depth: 9 })).not.toContain(PASSWORD)
  })

  test('without passwords prints commands that Redis refuses until a digest is filled in', async () => {
    for (const { name, rules } of generateAcl()) {
      await expect(at.raw.call('ACL', 'SETUSER', name, ...rules)).rejects.toThrow('hash')
    }
  })

  test.each<[string, object]>([
    ['keyPrefix', { keyPrefix: 'a b' }],
    ['keyPrefix', { keyPrefix: '' }],
    ['keyPrefix', { keyPrefix: 'a\0' }],
    ['database', { database: -1 }],
    ['passwords.data', { passwords: { data: '' } }],
    ['passwords', { passwords: { admin: PASSWORD } }],
    ['options', { password: PASSWORD }],
  ])('names %s in the error for a wrong option', (option, options) => {
    const run = (): unknown => generateAcl(options)
    expect(run).toThrow(option)
    expect(run).not.toThrow(PASSWORD)
  })
})

test('the documentation lists each command of the data user', async () => {
  const page = await readFile(new URL('../../docs/security.md', import.meta.url), 'utf8')
  const [section = ''] = /^## Permissions in Redis\n.*?(?=^## )/ms.exec(page) ?? []
  const listed = Array.from(section.matchAll(/`([A-Z]+(?: [A-Z]+)?)`/g), ([, name = '']) =>
    name.toLowerCase().replace(' ', '|'),
  )
  const declared = Object.values(COMMANDS).flat()
  expect(
    [...new Set(listed)]
      .filter((name) => !['hello', 'select', 'acl|setuser'].includes(name))
      .toSorted(),
  ).toEqual(declared.toSorted())
})
