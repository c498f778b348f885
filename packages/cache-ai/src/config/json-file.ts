import { parse, type ValueNode } from '@humanwhocodes/momoa'
import type { ConfigValues } from './config-values.js'
import { FileNode, type FilePlace, repeatedField } from './file-node.js'
import { assertShallow, readConfigFile } from './file-text.js'
import { type ConfigProblem, configurationError } from './problems.js'
import type { FieldPath } from './validate-config.js'
import { readFields } from './written-fields.js'

/** @throws ConfigurationError that lists every problem with its line, and quotes nothing */
export async function readJsonFile(file: string): Promise<ConfigValues> {
  const { text, what } = await readConfigFile(file)
  assertShallow(text, what)
  const { tree, problems } = treeOf(text, what)
  const fields = parsed(text, what)
  if (problems.length > 0) throw configurationError(what, problems)
  return readFields(fields, what, (path) => tree.locate(path))
}

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The message of the parser quotes the text, which may hold a password.
    throw invalidJson(what, {})
  }
}

function treeOf(
  text: string,
  what: string,
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
    throw invalidJson(what, text.trim() === '' ? undefined : placeOf(error as FilePlace))
  }
}

function placeOf({ line, column }: FilePlace): FilePlace {
  return { line, column }
}

function invalidJson(what: string, place?: Partial<FilePlace>): Error {
  const received = place === undefined ? 'an empty file' : 'other text here'
  const message = `the file must be JSON; received ${received}`
  return configurationError(what, [{ path: '', message, ...place }])
}
