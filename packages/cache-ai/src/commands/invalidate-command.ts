import { ValidationError } from '@verbatim/cache-core'
import { Command } from 'commander'
import type { AIResponseCache } from '../ai-response-cache.js'
import { type CacheLocation, openCache, withLocation } from './open-cache.js'
import { printJson, printLines } from './print.js'

interface What {
  readonly operation?: string
  readonly tenant?: string
  readonly model?: string
  readonly pattern?: string
  readonly all?: true
}

export function invalidateCommand(): Command {
  return withLocation(new Command('invalidate'))
    .description('removes responses from Redis, and from the memory of every process')
    .option('--operation <name>', 'those to this operation; with --tenant, of this tenant')
    .option('--tenant <name>', 'those of this tenant')
    .option('--model <name>', 'those whose options name this model')
    .option('--pattern <glob>', 'those whose keys it matches: * ? [abc]')
    .option('--all', 'all that the cache holds')
    .option('--json', 'print JSON')
    .action(invalidate)
}

async function invalidate(given: CacheLocation & What & { json?: true }): Promise<void> {
  const remove = removalOf(given)
  await using cache = await openCache(given, { readOnly: false })
  const removed = await remove(cache)
  if (given.json) printJson({ removed: removed ?? null, keyStyle: cache.keyStyle })
  else
    printLines([removed === undefined ? 'done' : `${removed} removed, of ${cache.keyStyle} keys`])
}

/** Answers how many were removed; nobody counts those of a model. */
type Removal = (cache: AIResponseCache) => Promise<number | undefined>

/** @throws ValidationError unless it is said what, and once */
function removalOf({ operation, tenant, model, pattern, all }: What): Removal {
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
    'say what to remove: --operation, --tenant, both of them, --model, --pattern or --all',
    { code: 'INVALID_ARGUMENT' },
  )
}
