import {
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml'
import { FileNode, type FilePlace, readFields, repeatedField } from './file-fields.js'
import { assertShallow, readConfigFile } from './file-text.js'
import { type ConfigProblem, configurationError } from './problems.js'
import type { ConfigValues } from './settings.js'
import type { FieldPath } from './validate-config.js'

type ParsedDocument = Document.Parsed

/** The usual cause of each parser error. The parser's own messages may quote the file. */
const REASONS: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_INDENT: 'the indentation must match that of the lines above',
  BAD_SCALAR_START: 'a text that begins with this character must be in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a line must hold one field, at the indentation of its neighbours',
  MISSING_CHAR: 'a quote, a bracket or a colon is missing',
  MULTILINE_IMPLICIT_KEY:
    'a field must be a name, a colon and a space, at the indentation of its neighbours',
  MULTIPLE_DOCS: 'the file must be one document; received another after ---',
  TAB_AS_INDENT: 'the indentation must be of spaces; received a tab',
  UNEXPECTED_TOKEN: 'this text must not be here; check quotes and indentation',
}

/**
 * Reads YAML 1.2 without aliases and tags.
 *
 * @throws ConfigurationError that lists every problem with its line, and quotes nothing
 */
export async function readYamlFile(file: string): Promise<ConfigValues> {
  const { text, source } = await readConfigFile(file)
  assertShallow(text, source)
  const lines = new LineCounter()
  // The parser's warnings would quote the text. At this level it prints none.
  const document: ParsedDocument = parseDocument(text, {
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    logLevel: 'error',
    lineCounter: lines,
  })
  const placeAt = (offset: number): FilePlace => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const syntax = [...syntaxProblems(document, placeAt), ...unsupported(document, placeAt)]
  if (syntax.length > 0) throw configurationError(source, syntax)
  const { tree, problems } = treeOf(document, placeAt)
  if (problems.length > 0) throw configurationError(source, problems)
  return readFields(document.toJS(), source, (path) => tree.locate(path))
}

/** Returns one problem a line, because the first error of a line usually causes the others. */
function syntaxProblems(
  { errors }: ParsedDocument,
  placeAt: (offset: number) => FilePlace,
): ConfigProblem[] {
  const byLine = new Map<number, ConfigProblem>()
  for (const { code, pos } of errors) {
    const place = placeAt(pos[0])
    const message = REASONS[code] ?? `the file must be YAML; received other text here (${code})`
    if (!byLine.has(place.line)) byLine.set(place.line, { path: '', message, ...place })
  }
  return [...byLine.values()]
}

/** Aliases can make a small file huge. Tags can ask for values of other types. */
function unsupported(
  document: ParsedDocument,
  placeAt: (offset: number) => FilePlace,
): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  visit(document, (_key, node) => {
    if (!isNode(node)) return
    const place = { path: '', ...placeAt(node.range?.[0] ?? 0) }
    if (isAlias(node)) problems.push({ ...place, message: 'aliases are not supported' })
    else if (node.tag !== undefined) problems.push({ ...place, message: 'tags are not supported' })
  })
  return problems
}

function treeOf(
  { contents }: ParsedDocument,
  placeAt: (offset: number) => FilePlace,
): { readonly tree: FileNode; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = []
  const grow = (node: FileNode, value: unknown, path: FieldPath): FileNode => {
    if (isMap(value)) {
      for (const { key, value: inner } of value.items) {
        const name = isScalar(key) ? String(key.value) : ''
        const place = placeAt(isNode(key) ? (key.range?.[0] ?? 0) : 0)
        const inside = [...path, name]
        const earlier = node.add(name, grow(new FileNode(place), inner, inside))
        if (earlier !== undefined) problems.push(repeatedField(inside, place, earlier))
      }
    }
    if (isSeq(value)) {
      for (const [index, inner] of value.items.entries()) {
        const place = placeAt(isNode(inner) ? (inner.range?.[0] ?? 0) : 0)
        node.add(index, grow(new FileNode(place), inner, [...path, index]))
      }
    }
    return node
  }
  return { tree: grow(new FileNode({ line: 1, column: 1 }), contents, []), problems }
}
