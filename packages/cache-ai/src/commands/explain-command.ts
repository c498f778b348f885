import { CacheError, InfrastructureError, ValidationError } from '@verbatim/cache-core'
import { examples } from '@verbatim/cache-core/command-line'
import { Command } from 'commander'
import type { MissExplanation } from '../model-calls/recent-requests.js'
import { EXPLAIN_PATH } from '../proxy/proxy-server.js'
import { printJson, printLines } from './print.js'

interface ExplainOptions {
  readonly proxy: string
  readonly json?: true
}

/** Makes `cache-ai explain`. */
export function explainCommand(signal: AbortSignal): Command {
  return new Command('explain')
    .description('print why a request through a running proxy was not served from the cache')
    .argument('<key>', 'the header x-cache-key of the response')
    .option('--proxy <url>', 'the address of the proxy', 'http://127.0.0.1:4141')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('cache-ai explain FwoFA3lS6ZRRyvVmSlEvB0ml-pS-DNyORoZlNh6NTQg'))
    .action((key: string, given: ExplainOptions) => explain(key, given, signal))
}

async function explain(
  key: string,
  { proxy, json }: ExplainOptions,
  signal: AbortSignal,
): Promise<void> {
  if (!URL.canParse(proxy))
    throw new ValidationError(
      '--proxy must be an http:// or https:// address; received another text',
    )
  const response = await request(
    new URL(`${EXPLAIN_PATH}${encodeURIComponent(key)}`, proxy),
    signal,
  )
  if (response.status === 404)
    throw new CacheError('the proxy knows no miss with this key among the last 100', {
      code: 'UNKNOWN_KEY',
      context: {},
    })
  if (!response.ok)
    throw new InfrastructureError(`the proxy responded with status ${response.status}`)
  const explanation = (await response.json()) as MissExplanation
  if (json) printJson(explanation)
  else printLines(linesOf(explanation))
}

async function request(url: URL, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { signal })
  } catch (cause) {
    throw new InfrastructureError('the proxy cannot be reached', { cause })
  }
}

function linesOf({ closest, path, similarity }: MissExplanation): readonly string[] {
  if (closest === undefined) return ['no recent request of this caller is similar']
  const equal = `${Math.floor(similarity * 100)} % of the values are equal`
  return path === undefined
    ? ['the same request was sent before: its answer was not stored, has expired or was removed']
    : [`closest request: ${closest} (${equal})`, `first difference: ${path}`]
}
