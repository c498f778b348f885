import { examples } from '@verbatim/cache-core/command-line'
import { Command } from 'commander'
import type { AIResponseCache } from '../ai-response-cache.js'
import { type CacheLocation, openCache, withLocation } from './open-cache.js'
import { printJson, printLines } from './print.js'

/** Makes `cache-ai stats`. */
export function statsCommand(signal: AbortSignal): Command {
  return withLocation(new Command('stats'))
    .description('count the responses in Redis by operation')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'cache-ai stats --redis-url redis://127.0.0.1:6379',
        'cache-ai stats --config cache.yaml --json',
      ),
    )
    .action((given: Given) => show(given, signal))
}

type Given = CacheLocation & { readonly json?: true }

async function show({ json, ...location }: Given, signal: AbortSignal): Promise<void> {
  await using cache = await openCache(location, { readOnly: true, signal })
  const { usedMemoryBytes, connectedClients } = await cache.getServerInfo()
  const operations = await countByOperation(cache)
  const keys = [...operations.values()].reduce((sum, count) => sum + count, 0)
  const byOperation = Object.fromEntries(operations)
  if (json) return printJson({ keys, byOperation, usedMemoryBytes, connectedClients })
  printLines([
    `${keys} keys`,
    ...Array.from(operations, ([operation, count]) => `  ${operation}: ${count}`),
    `Redis memory: ${usedMemoryBytes.toLocaleString('en-US')} bytes (all databases), ${connectedClients} clients`,
  ])
}

/** Counts keys by operation, the most frequent first. Keys without an operation count as `(other)`. */
async function countByOperation(cache: AIResponseCache): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for await (const key of cache.scan()) {
    const operation = operationOf(key) ?? '(other)'
    counts.set(operation, (counts.get(operation) ?? 0) + 1)
  }
  return new Map([...counts].toSorted(([, one], [, other]) => other - one))
}

/** Returns the operation in a key. {@link CacheKeyGenerator} escapes it as in a URL. */
function operationOf(key: string): string | undefined {
  const [, written] = /^(?:tenant:[^|]*\|)?op:([^|]*)(?:\||$)/.exec(key) ?? []
  try {
    return written === undefined ? undefined : decodeURIComponent(written)
  } catch {
    return written
  }
}
