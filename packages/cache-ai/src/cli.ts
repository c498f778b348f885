#!/usr/bin/env node
import { createRequire } from 'node:module'
import { examples, runCommandLine } from '@verbatim/cache-core/command-line'
import { Command } from 'commander'
import { configCommand } from './commands/config-command.js'
import { deleteCommand } from './commands/delete-command.js'
import { explainCommand } from './commands/explain-command.js'
import { invalidateCommand } from './commands/invalidate-command.js'
import { keyCommand } from './commands/key-command.js'
import { proxyCommand } from './commands/proxy-command.js'
import { statsCommand } from './commands/stats-command.js'

const { version }: { version: string } = createRequire(import.meta.url)('../package.json')

await runCommandLine((signal) =>
  new Command('cache-ai')
    .version(version)
    .description('Inspects and maintains a cache of AI responses, and serves models from one.')
    .addHelpText(
      'after',
      examples(
        'cache-ai config check cache.yaml',
        'cache-ai stats --redis-url redis://127.0.0.1:6379',
        'cache-ai invalidate --operation summarize',
        'cache-ai proxy --upstream https://api.openai.com',
      ),
    )
    .addCommand(configCommand())
    .addCommand(keyCommand())
    .addCommand(deleteCommand(signal))
    .addCommand(statsCommand(signal))
    .addCommand(invalidateCommand(signal))
    .addCommand(proxyCommand(signal))
    .addCommand(explainCommand(signal)),
)
