import { readFile, stat } from 'node:fs/promises'
import { ConfigurationError } from '@verbatim/cache-core'
import { isAlias, isNode, parseDocument, visit } from 'yaml'
import { type ConfigProblem, configurationError } from './problems.js'

const MOST_BYTES = 262_144

/** @throws ConfigurationError for a file that is not there, not readable or too large */
export async function readConfigFile(path: string, what: string): Promise<string> {
  try {
    const { size } = await stat(path)
    // Some editors begin a file with the mark of its encoding.
    if (size <= MOST_BYTES) return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    throw configurationError(what, [{ path: '', message: `it cannot be read (${code})` }], cause)
  }
  throw configurationError(what, [{ path: '', message: `it has more than ${MOST_BYTES} bytes` }])
}

/** @throws ConfigurationError that says where, and quotes nothing */
export function parseJson(text: string, what: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    assertNoRepetition(text, what)
    return value
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    // The parser's own message quotes the text, which may hold a password.
    const [, position] = /at position (\d+)/.exec((error as Error).message) ?? []
    // Of short texts it does not tell where.
    const where = position === undefined ? '' : lineOf(text, Number(position))
    throw configurationError(what, [{ path: where, message: 'this is no JSON' }])
  }
}

/** @throws ConfigurationError that lists all that is wrong, with its line, and quotes nothing */
export function parseYaml(text: string, what: string): unknown {
  const document = parsedYaml(text)
  const problems: ConfigProblem[] = document.errors.map(({ code, pos: [at] }) => {
    return { path: lineOf(text, at), message: `this is no YAML (${code})` }
  })
  visit(document, (_key, node) => {
    if (!isNode(node)) return
    const path = lineOf(text, node.range?.[0] ?? 0)
    if (isAlias(node)) problems.push({ path, message: 'aliases are not allowed' })
    else if (node.tag !== undefined) problems.push({ path, message: 'tags are not allowed' })
  })
  if (problems.length > 0) throw configurationError(what, problems)
  return document.toJS()
}

/** JSON is YAML, and its parser sees fields that are there twice, of which `JSON.parse` takes the last. */
function assertNoRepetition(text: string, what: string): void {
  const twice = parsedYaml(text).errors.filter(({ code }) => code === 'DUPLICATE_KEY')
  if (twice.length === 0) return
  const message = 'this field was there before'
  throw configurationError(
    what,
    twice.map(({ pos: [at] }) => ({ path: lineOf(text, at), message })),
  )
}

/** Says nothing by itself: what it warns of would quote the text. */
function parsedYaml(text: string): ReturnType<typeof parseDocument> {
  return parseDocument(text, { schema: 'core', merge: false, uniqueKeys: true, logLevel: 'error' })
}

function lineOf(text: string, position: number): string {
  return `line ${text.slice(0, position).split('\n').length}`
}
