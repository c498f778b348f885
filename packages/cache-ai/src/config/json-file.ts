import { parse, tokenize, type ValueNode } from '@humanwhocodes/momoa'
import { FileNode, type FilePlace, readFields, repeatedField } from './file-fields.js'
import { assertShallow, readConfigFile } from './file-text.js'
import { type ConfigProblem, configurationError } from './problems.js'
import type { ConfigValues } from './settings.js'
import type { FieldPath } from './validate-config.js'

/** @throws ConfigurationError that lists every problem with its line, and quotes nothing */
export async function readJsonFile(file: string): Promise<ConfigValues> {
  const { text, source } = await readConfigFile(file)
  assertShallow(text, source)
  const { tree, problems } = treeOf(text, source)
  const fields = parsed(text, source)
  if (problems.length > 0) throw configurationError(source, problems)
  return readFields(fields, source, (path) => tree.locate(path))
}

function parsed(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message quotes the text, which may hold a password.
    throw invalidJson(source, {})
  }
}

function treeOf(
  text: string,
  source: string,
): { readonly tree: FileNode; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = []
  const grow = (node: FileNode, value: ValueNode, path: FieldPath): FileNode => {
    if (value.type === 'Object') {
      for (const { name, value: inner } of value.members) {
        const place = placeOf(name.loc.start)
        const inside = [...path, name.type === 'String' ? name.value : name.name]
        const earlier = node.add(inside.at(-1) ?? '', grow(new FileNode(place), inner, inside))
        if (earlier !== undefined) problems.push(repeatedField(inside, place, earlier))
      }
    }
    if (value.type === 'Array') {
      for (const [index, { value: inner }] of value.elements.entries()) {
        node.add(index, grow(new FileNode(placeOf(inner.loc.start)), inner, [...path, index]))
      }
    }
    return node
  }
  try {
    const { body } = parse(text, { mode: 'json' })
    return { tree: grow(new FileNode(placeOf(body.loc.start)), body, []), problems }
  } catch (error) {
    throw invalidJson(source, text.trim() === '' ? undefined : placeOf(error as FilePlace))
  }
}

function placeOf({ line, column }: FilePlace): FilePlace {
  return { line, column }
}

function invalidJson(source: string, place?: Partial<FilePlace>): Error {
  const received = place === undefined ? 'an empty file' : 'other text here'
  const message = `the file must be JSON; received ${received}`
  return configurationError(source, [{ path: '', message, ...place }])
}

/** Returns the problem of a text that must be JSON. Quotes nothing of the text. */
export function problemOfJson(text: string): string | undefined {
  try {
    JSON.parse(text)
  } catch {
    return 'must be JSON; received another text'
  }
  return hasRepeatedName(text) ? 'must be JSON without a repeated name; received one' : undefined
}

/** Returns whether an object repeats a name. JSON.parse would use only its last value. */
function hasRepeatedName(json: string): boolean {
  const tokens = tokenize(json, { mode: 'json' })
  const open: Set<string>[] = []
  for (const [index, { type, loc }] of tokens.entries()) {
    if (type === 'LBrace') open.push(new Set())
    if (type === 'RBrace') open.pop()
    if (tokens[index + 1]?.type !== 'Colon') continue
    const name = JSON.parse(json.slice(loc.start.offset, loc.end.offset)) as string
    const names = open.at(-1)
    if (names?.has(name)) return true
    names?.add(name)
  }
  return false
}
