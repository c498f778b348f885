import { readFile } from 'node:fs/promises'
import { REDIS_SETTINGS } from '@verbatim/cache-redis'
import { expect, test } from 'vitest'
import { ruleOf } from '../../src/config/config-schema.js'
import { SETTING_NAMES, SETTINGS, snakeCaseOf, upperCaseOf } from '../../src/config/settings.js'
import { AIResponseCacheConfig } from '../../src/index.js'
import { KEY_SETTINGS } from '../../src/keys/cache-key-generator.js'
import { settingsTable } from './settings-table.js'

test('the documentation has the table of settings', async () => {
  const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const [, section = ''] = page.split('## Settings\n')
  const [table = ''] = /(^\|.*\n)+/m.exec(section) ?? []
  expect(table).toBe(settingsTable())
})

test.each(SETTING_NAMES)('a variable and a file give %s the same value', (name) => {
  const value = SETTINGS[name].default
  if (value === undefined) return
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const { given } = AIResponseCacheConfig.fromEnv({ [`AI_CACHE_${upperCaseOf(name)}`]: text })
  expect(given).toEqual(AIResponseCacheConfig.fromObject({ [snakeCaseOf(name)]: value }).given)
})

test('the defaults are valid', () => {
  const { values } = new AIResponseCacheConfig()
  expect(new AIResponseCacheConfig(values).validate().errors).toEqual([])
})

test('the error for an invalid setting states its rule', () => {
  for (const name of SETTING_NAMES) {
    const { errors } = new AIResponseCacheConfig({ [name]: Symbol(name) }).validate()
    expect(errors).toEqual([{ path: name, message: `must be ${ruleOf(name)}; received a symbol` }])
  }
})

const SOURCES = {
  '../../../cache-redis/src/options.ts': REDIS_SETTINGS,
  '../../src/keys/cache-key-generator.ts': KEY_SETTINGS,
}

test.each(Object.entries(SOURCES))(
  'the comments of %s name the defaults',
  async (file, settings) => {
    const source = await readFile(new URL(file, import.meta.url), 'utf8')
    const comments = source.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*readonly (\w+)\?:/g)
    const documented = Object.fromEntries(
      Array.from(comments, ([, comment = '', name = '']) => [name, defaultIn(comment)]),
    )
    const expected = Object.entries(settings).map(([name, setting]) => [name, setting.default])
    expect(documented).toMatchObject(Object.fromEntries(expected))
  },
)

/** Returns the value after `Default: ` in a comment. */
function defaultIn(comment: string): unknown {
  const [, text = ''] = /Default: `?'?([^`'.]+)/.exec(comment) ?? []
  const [, digits, unit] = /^([\d,]+)(?: (seconds|MiB))?$/.exec(text) ?? []
  if (digits === undefined) return text === 'true' || text === 'false' ? text === 'true' : text
  return Number(digits.replaceAll(',', '')) * (unit === 'MiB' ? 2 ** 20 : 1)
}
