import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SKIPPED = /(?:^|\/)(?:node_modules|dist|\.[^/]+|CHANGELOG\.md)(?:\/|$)/

const pages = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md') && !SKIPPED.test(name))
  .toSorted()

test.each(pages)('every relative link of %s leads to a file', (page) => {
  const text = readFileSync(path.join(ROOT, page), 'utf8')
  const links = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link)
  const missing = links
    .filter((link) => !/^(?:[a-z]+:|#)/.test(link))
    .filter((link) => !existsSync(path.join(ROOT, path.dirname(page), link.split('#')[0] ?? '')))
  expect(missing).toEqual([])
})
