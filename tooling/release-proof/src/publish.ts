import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { LoopbackRegistry } from './loopback-registry.js'
import { pnpm, REPOSITORY } from './repository.js'

/** Publishes every package as a release does, but to the loopback registry. */
export async function publishTo({ url, location }: LoopbackRegistry): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'verbatim-publisher-'))
  try {
    const userconfig = path.join(folder, 'npmrc')
    // npm publishes to nobody without a token, even where none is asked for.
    await writeFile(userconfig, `@verbatim:registry=${url}\n${location}:_authToken=none\n`)
    await pnpm(['--recursive', 'publish', '--no-git-checks'], {
      cwd: REPOSITORY,
      env: { NPM_CONFIG_USERCONFIG: userconfig },
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
