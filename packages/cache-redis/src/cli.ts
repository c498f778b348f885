#!/usr/bin/env node
import { createRequire } from 'node:module'
import { examples, runCommandLine } from '@verbatim/cache-core/command-line'
import { Command } from 'commander'
import { securityCommand } from './security/security-command.js'

const { version }: { version: string } = createRequire(import.meta.url)('../package.json')

await runCommandLine((signal) =>
  new Command('cache-redis')
    .version(version)
    .description('Checks and prepares the Redis of a cache.')
    .addHelpText(
      'after',
      examples('cache-redis security check', 'cache-redis security acl --key-prefix cache:'),
    )
    .addCommand(securityCommand(signal)),
)
