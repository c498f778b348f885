import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url))

/**
 * Returns the files of the repository that a pattern of Git matches, except changesets and changelogs. Other
 * tests create and remove folders at the same time, so only files that Git does not ignore are listed.
 */
export function repositoryFiles(...patterns: string[]): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns]
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((name) => name !== '' && !/^\.|CHANGELOG\.md$/.test(name))
    .filter((name) => existsSync(path.join(ROOT, name)))
}
