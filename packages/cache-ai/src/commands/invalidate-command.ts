import { ValidationError } from '@verbatim/cache-core'
import { examples } from '@verbatim/cache-core/command-line'
import { Command } from 'commander'
import type { AIResponseCache } from '../ai-response-cache.js'
import { type CacheLocation, openCache, withLocation } from './open-cache.js'
import { printJson, printLines } from './print.js'

interface Selection {
  readonly operation?: string
  readonly tenant?: string
  readonly model?: string
  readonly pattern?: string
  readonly all?: true
}

/** Makes `cache-ai invalidate`. */
export function invalidateCommand(signal: AbortSignal): Command {
  return withLocation(new Command('invalidate'))
    .description('remove responses from Redis and from the memory of every process')
    .option(
      '--operation <name>',
      'responses to this operation; with --tenant, only those of the tenant',
    )
    .option('--tenant <name>', 'responses of this tenant')
    .option('--model <name>', 'responses to requests whose options name this model')
    .option('--pattern <glob>', 'responses whose keys match: * ? [abc]')
    .option('--all', 'all responses under the prefix')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'cache-ai invalidate --operation qa --tenant ada',
        "cache-ai invalidate --pattern 'op:summarize|*' --json",
        'cache-ai invalidate --all --key-prefix staging:',
      ),
    )
    .action((given: Given) => invalidate(given, signal))
}

type Given = CacheLocation & Selection & { readonly json?: true }

async function invalidate(given: Given, signal: AbortSignal): Promise<void> {
  const remove = removalOf(given)
  await using cache = await openCache(given, { readOnly: false, signal })
  const removed = await remove(cache)
  if (given.json) printJson({ removed: removed ?? null, keyStyle: cache.keyStyle })
  else printLines([removed === undefined ? 'done' : `${removed} removed (${cache.keyStyle} keys)`])
}

/** Removes responses and returns their number, which is unknown for a model. */
type Removal = (cache: AIResponseCache) => Promise<number | undefined>

/** @throws ValidationError unless the options name one thing to remove */
function removalOf({ operation, tenant, model, pattern, all }: Selection): Removal {
  const removals: Removal[] = []
  if (operation !== undefined) {
    removals.push((cache) => cache.invalidateByOperation(operation, { tenant }))
  } else if (tenant !== undefined) {
    removals.push((cache) => cache.forget(tenant))
  }
  if (model !== undefined) {
    removals.push(async (cache) => {
      await cache.invalidateByModel(model)
      return undefined
    })
  }
  if (pattern !== undefined) removals.push((cache) => cache.invalidatePattern(pattern))
  if (all) removals.push((cache) => cache.clear())
  const [removal, ...others] = removals
  if (removal !== undefined && others.length === 0) return removal
  throw new ValidationError(
    'exactly one of --operation and --tenant (or both), --model, --pattern and --all must be given',
    { code: 'INVALID_ARGUMENT' },
  )
}
