import { readFile, stat } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'

const ROOT = new URL('../../../', import.meta.url)
const FOLDERS: Readonly<Record<string, string>> = {
  redis: 'packages/cache-redis/test/',
  migration: 'packages/cache-migration/test/',
  ai: 'packages/cache-ai/test/',
}

const page = await readFile(new URL('docs/security.md', ROOT), 'utf8')
const [model = ''] = /^## Threat model\n.*?(?=^## )/ms.exec(page) ?? []
const rows = Array.from(model.matchAll(/^\| (?!attack|---)(.+?) \| .+ \| (.+?) \|$/gm))

describe('the threat model', () => {
  test.each(rows.map(([, attack, tests]) => [attack, tests] as const))(
    'names tests that exist for: %s',
    async (_attack, tests = '') => {
      if (tests === 'none') return
      const named = Array.from(tests.matchAll(/`(\w+)\/([^`]*)`/g))
      expect(named).not.toEqual([])
      for (const [, folder = '', path = ''] of named) {
        await expect(stat(new URL(`${FOLDERS[folder]}${path}`, ROOT))).resolves.toBeDefined()
      }
    },
  )

  test('has a row for each kind of attacker', () => {
    expect(rows.length).toBeGreaterThan(20)
    expect(model.match(/^### /gm)).toHaveLength(6)
  })
})
