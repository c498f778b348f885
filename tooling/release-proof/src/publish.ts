import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { LoopbackRegistry, type PublishedVersion } from './loopback-registry.js'
import { pnpm, REPOSITORY } from './repository.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the registry that holds all packages. */
    readonly registryUrl: string
    /** The latest version of each package in it. */
    readonly published: readonly PublishedVersion[]
  }
}

/** A vitest global set-up: publishes every package to a registry from which the tests install them. */
export default async function publishPackages({
  provide,
}: TestProject): Promise<() => Promise<void>> {
  const registry = await LoopbackRegistry.start()
  await publishTo(registry)
  provide('registryUrl', registry.url)
  provide('published', registry.published())
  return () => registry[Symbol.asyncDispose]()
}

/** As a release does, but not to npm. */
async function publishTo({ url, location }: LoopbackRegistry): Promise<void> {
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
