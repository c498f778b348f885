import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { AIResponseCache, AIResponseCacheConfig } from '../../src/index.js'

const AWAY = 'redis://redis.example.org'

describe.each(['production', 'ai-production'] as const)('the preset %s', (preset) => {
  const config = AIResponseCacheConfig.preset(preset)
  const open = (values: object): (() => AIResponseCache) => {
    return () => new AIResponseCache(config.merge(values))
  }

  test('refuses plain text to another machine', () => {
    expect(open({ redisUrl: AWAY })).toThrow(expect.objectContaining({ code: 'SECURITY_REFUSED' }))
  })

  test.each([
    { redisUrl: 'redis://127.0.0.1:1' },
    { redisUrl: 'rediss://redis.example.org' },
    { redisUrl: AWAY, securityConfig: { useTls: true } },
    { redisUrl: AWAY, allowPlainText: true },
  ])('accepts %j', async (values) => {
    const cache = open(values)()
    expect(cache.getStats()).toBeDefined()
    await cache.close()
  })
})

test('a file gives the security configuration, and errors name the field', async () => {
  const file = path.join(tmpdir(), `verbatim-security-${process.pid}.yaml`)
  const lines = (user: string): string =>
    `redis_url: ${AWAY}\nsecurity_config:\n  acl_password: secret\n  min_tls_version: TLSv1.3\n${user}`
  await writeFile(file, lines('  acl_username: cache\n'))
  const config = await AIResponseCacheConfig.fromYaml(file)
  expect(config.values.securityConfig).toMatchObject({ aclUsername: 'cache' })
  await new AIResponseCache(config).close()
  await writeFile(file, lines(''))
  const incomplete = await AIResponseCacheConfig.fromYaml(file)
  expect(() => new AIResponseCache(incomplete)).toThrow('securityConfig.aclUsername must be set')
})

test('a file with a wrong field of the security configuration is rejected by line and name', async () => {
  const file = path.join(tmpdir(), `verbatim-wrong-security-${process.pid}.yaml`)
  await writeFile(file, 'security_config:\n  use_tls: true\n  min_tls_version: 1.1\n  acl_usr: a\n')
  const message = await AIResponseCacheConfig.fromYaml(file).catch((error: Error) => error.message)
  expect(message).toContain('line 3, column 3: security_config.min_tls_version must be one of')
  expect(message).toContain('line 4, column 3: security_config.acl_usr is unknown')
})

test('a variable sets a field of the security configuration', () => {
  const config = AIResponseCacheConfig.fromEnv({ AI_CACHE_SECURITY_CONFIG_USE_TLS: 'true' })
  expect(config.values.securityConfig).toEqual({ useTls: true })
})
