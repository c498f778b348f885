import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { LoopbackRegistry, type PublishedVersion } from './loopback-registry.js'
import { pnpm, REPOSITORY } from './repository.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the registry with all packages. */
    readonly registryUrl: string
    /** Latest version of each package in the registry. */
    readonly published: readonly PublishedVersion[]
  }
}

/** Publishes every package to a local registry. Vitest calls it before all tests. */
export default async function publishPackages({
  provide,
}: TestProject): Promise<() => Promise<void>> {
  const registry = await LoopbackRegistry.start()
  await publishTo(registry)
  provide('registryUrl', registry.url)
  provide('published', registry.published())
  return () => registry[Symbol.asyncDispose]()
}

/** Publishes every package as a release does, to another registry. */
async function publishTo({ url, location }: LoopbackRegistry): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'verbatim-publisher-'))
  try {
    const userconfig = path.join(folder, 'npmrc')
    // npm requires a token even for a registry without authentication.
    await writeFile(userconfig, `@verbatim:registry=${url}\n${location}:_authToken=none\n`)
    await pnpm(['--recursive', 'publish', '--no-git-checks'], {
      cwd: REPOSITORY,
      env: { NPM_CONFIG_USERCONFIG: userconfig },
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
