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
  if (!/^https?:$/.test(URL.canParse(proxy) ? new URL(proxy).protocol : ''))
    throw new ValidationError(
      '--proxy must be an http:// or https:// address; received another text',
    )
  const path = `${EXPLAIN_PATH}${encodeURIComponent(key)}`
  const explanation = await explanationAt(new URL(path, proxy), signal)
  if (json) printJson(explanation)
  else printLines(linesOf(explanation))
}

async function explanationAt(url: URL, signal: AbortSignal): Promise<MissExplanation> {
  let text: string
  try {
    text = await (await fetch(url, { signal })).text()
  } catch (cause) {
    throw new InfrastructureError('the proxy cannot be reached', { cause })
  }
  const fields = fieldsOf(text)
  if (typeof fields['similarity'] === 'number') return fields as unknown as MissExplanation
  if (Object(fields['error']).type !== 'unknown_key')
    throw new InfrastructureError('--proxy must be the address of a running cache-ai proxy')
  throw new CacheError('the proxy knows no miss with this key among the last 100', {
    code: 'UNKNOWN_KEY',
    context: {},
  })
}

/** Returns the fields of an object in JSON, or none for another text. */
function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}

function linesOf({ closest, path, similarity }: MissExplanation): readonly string[] {
  if (closest === undefined) return ['no recent request of this caller is similar']
  const equal = `${Math.floor(similarity * 100)} % of the values are equal`
  return path === undefined
    ? ['the same request was sent before: its answer was not stored, has expired or was removed']
    : [`closest request: ${closest} (${equal})`, `first difference: ${path}`]
}
