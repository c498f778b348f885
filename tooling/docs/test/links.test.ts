import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, repositoryFiles } from './repository-files.js'

test.each(repositoryFiles('*.md'))(
  'every relative link of %s leads to a file and a chapter',
  (page) => {
    const text = readFileSync(path.join(ROOT, page), 'utf8')
    const links = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link)
    const missing = links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [file = '', chapter] = link.split('#')
        const target = file === '' ? page : path.join(path.dirname(page), file)
        if (!existsSync(path.join(ROOT, target))) return true
        return chapter !== undefined && !chaptersOf(target).includes(chapter)
      })
    expect(missing).toEqual([])
  },
)

/** Returns the names by which links find the headings of a page. */
function chaptersOf(page: string): string[] {
  const text = readFileSync(path.join(ROOT, page), 'utf8').replace(/^```[^]*?^```/gm, '')
  return Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
}
