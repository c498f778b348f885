import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, repositoryFiles } from './repository-files.js'

test.each(repositoryFiles('*.md'))('every relative link of %s leads to a file', (page) => {
  const text = readFileSync(path.join(ROOT, page), 'utf8')
  const links = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link)
  const missing = links
    .filter((link) => !/^(?:[a-z]+:|#)/.test(link))
    .filter((link) => !existsSync(path.join(ROOT, path.dirname(page), link.split('#')[0] ?? '')))
  expect(missing).toEqual([])
})
