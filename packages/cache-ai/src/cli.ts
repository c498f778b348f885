#!/usr/bin/env node
import { createRequire } from 'node:module'
import { CacheError } from '@verbatim/cache-core'
import { Command } from 'commander'
import { configCommand } from './commands/config-command.js'
import { invalidateCommand } from './commands/invalidate-command.js'
import { keyCommand } from './commands/key-command.js'
import { statsCommand } from './commands/stats-command.js'

const { version }: { version: string } = createRequire(import.meta.url)('../package.json')

const program = new Command('cache-ai')
  .version(version)
  .description(
    'Looks after a cache of AI responses: its configuration, its keys and what it holds.',
  )
  .addCommand(configCommand())
  .addCommand(keyCommand())
  .addCommand(statsCommand())
  .addCommand(invalidateCommand())

try {
  await program.parseAsync()
} catch (error) {
  // Others may quote what nobody is to see.
  const message = error instanceof CacheError ? error.message : 'something went wrong'
  process.stderr.write(`error: ${message}\n`)
  process.exitCode = 1
}
