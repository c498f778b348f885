import { text as textOf } from 'node:stream/consumers'
import { ValidationError } from '@verbatim/cache-core'
import { examples } from '@verbatim/cache-core/command-line'
import { assertKeys } from '@verbatim/cache-core/implement'
import { Command } from 'commander'
import { type CacheLocation, configurationOf, openCache, withLocation } from './open-cache.js'
import { printJson, printLines } from './print.js'

/** Makes `cache-ai delete`. */
export function deleteCommand(signal: AbortSignal): Command {
  return withLocation(new Command('delete'))
    .description('remove single responses from Redis and from the memory of every process')
    .argument('<keys...>', 'keys as "cache-ai key" prints them; - for one key on standard input')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        "cache-ai delete 'op:qa|txt:What is a cache%3F'",
        'cache-ai key question.txt --operation qa | cache-ai delete -',
      ),
    )
    .action((keys: string[], given: CacheLocation & { json?: true }) => remove(keys, given, signal))
}

async function remove(
  words: readonly string[],
  { json, ...location }: CacheLocation & { json?: true },
  signal: AbortSignal,
): Promise<void> {
  const { keyPrefix } = (await configurationOf(location)).values
  const input = words.includes('-') ? await fromInput() : ''
  const keys = words.map((word) => (word === '-' ? input : word))
  // A bad key must not stop the command after other keys were removed.
  assertKeys(keys)
  await using cache = await openCache(location, { readOnly: false, signal })
  const absent: string[] = []
  for (const key of keys) {
    if (!(await cache.delete(key))) absent.push(key)
  }
  const deleted = keys.length - absent.length
  if (json) return printJson({ deleted, absent })
  printLines([`${deleted} of ${keys.length} deleted${hintOn(absent, keyPrefix)}`])
}

/**
 * Returns the whole input as one key, because a key can contain line breaks.
 *
 * @throws ValidationError when there is no input
 */
async function fromInput(): Promise<string> {
  const key = (await textOf(process.stdin)).replace(/\r?\n$/, '')
  if (key !== '') return key
  throw new ValidationError('standard input must be a key; received nothing', {
    code: 'INVALID_ARGUMENT',
    context: { argument: '-' },
  })
}

function hintOn(absent: readonly string[], prefix: string): string {
  if (absent.length === 0) return ''
  const isPrefixed = absent.some((key) => key.startsWith(prefix))
  if (isPrefixed) return `: keys must not begin with the prefix ${prefix}`
  return `: ${absent.length} not found in the cache`
}
