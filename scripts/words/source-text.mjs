// Extracts the names, comments, test names and messages of a source file.
import ts from 'typescript-5.9'

/** Functions whose first argument names a test or a group of tests. */
const TEST_FUNCTIONS = new Set(['test', 'it', 'describe'])
/** A string with fewer words is a value, not a sentence. */
const WORDS_OF_A_MESSAGE = 4

/**
 * A text, with the line on which it starts, counted from 1.
 *
 * @typedef {{ text: string, line: number }} Passage
 */

/**
 * A comment without its markers. `isDoc` is true for a comment that starts with two asterisks,
 * `ofFunction` for the doc comment of a function or a method.
 *
 * @typedef {Passage & { isDoc: boolean, ofFunction: boolean }} Comment
 */

/**
 * @typedef {object} SourceText
 * @property {Passage[]} names - declared names. A property of an object literal declares none: its
 *   name comes from a type or from another library. Of the imports, only renamed ones count.
 * @property {Passage[]} values - strings that are types, such as the members of a union
 * @property {Comment[]} comments - adjacent `//` lines are one comment
 * @property {Passage[]} testNames
 * @property {Passage[]} messages - strings of at least four words that are not test names
 * @property {number} codeLines - lines that are neither blank nor only a comment
 */

/**
 * Returns the text of a source file, by kind.
 *
 * @param {string} file - its extension decides the syntax
 * @param {string} text
 * @returns {SourceText}
 */
export function readSource(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const lineAt = (position) => source.getLineAndCharacterOfPosition(position).line + 1
  const comments = new Map()
  const owners = new Map()
  const names = []
  const values = []
  const testNames = []
  const messages = []
  const codeLines = new Set()

  const visit = (node) => {
    for (const doc of node.jsDoc ?? []) owners.set(doc.pos, node)
    if (declaresName(node)) names.push({ text: node.name.text, line: lineAt(node.name.getStart()) })
    if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)) {
      values.push({ text: node.literal.text, line: lineAt(node.getStart()) })
    }
    const title = ts.isCallExpression(node) ? titleOf(node) : undefined
    if (title !== undefined) {
      testNames.push({ text: stringText(title), line: lineAt(title.getStart()) })
    } else if (isMessage(node)) {
      messages.push({ text: stringText(node), line: lineAt(node.getStart()) })
    }
    const children = node.getChildren(source).filter((child) => !ts.isJSDoc(child))
    if (children.length === 0) {
      addComments(comments, text, node)
      for (let line = lineAt(node.getStart()); line <= lineAt(node.end); line++) codeLines.add(line)
    }
    for (const child of children) if (child !== title) visit(child)
  }
  visit(source)

  const ranges = [...comments.values()].toSorted((one, other) => one.pos - other.pos)
  return {
    names,
    values,
    comments: joinNotes(ranges, text).map(({ pos, end }) => ({
      text: withoutMarkers(text.slice(pos, end)),
      line: lineAt(pos),
      isDoc: text.startsWith('/**', pos),
      ofFunction: isFunction(owners.get(pos)),
    })),
    testNames,
    messages,
    // The end of the file is a token on a separate line.
    codeLines: codeLines.size - (text.endsWith('\n') ? 1 : 0),
  }
}

function addComments(comments, text, token) {
  const before = ts.getLeadingCommentRanges(text, token.pos) ?? []
  const after = ts.getTrailingCommentRanges(text, token.end) ?? []
  for (const { pos, end } of [...before, ...after]) comments.set(pos, { pos, end })
}

/** Joins `//` comments on adjacent lines. */
function joinNotes(ranges, text) {
  const joined = []
  for (const range of ranges) {
    const last = joined.at(-1)
    const between = last === undefined ? '' : text.slice(last.end, range.pos)
    const isNote = text.startsWith('//', range.pos) && text.startsWith('//', last?.pos)
    if (isNote && /^\r?\n[ \t]*$/.test(between)) last.end = range.end
    else joined.push({ ...range })
  }
  return joined
}

function withoutMarkers(comment) {
  return comment.startsWith('//')
    ? comment.replace(/^[ \t]*\/\/+ ?/gm, '')
    : comment.replace(/^\/\*+\s*|\s*\*+\/$/g, '').replace(/^[ \t]*\* ?/gm, '')
}

function declaresName(node) {
  const { name } = node
  if (name === undefined || !(ts.isIdentifier(name) || ts.isPrivateIdentifier(name))) return false
  if (ts.isImportSpecifier(node)) return node.propertyName !== undefined
  return (
    ts.isVariableDeclaration(node) ||
    ts.isBindingElement(node) ||
    ts.isParameter(node) ||
    ts.isTypeParameterDeclaration(node) ||
    ts.isFunctionLike(node) ||
    ts.isClassLike(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isNamedTupleMember(node)
  )
}

function isFunction(node) {
  if (node === undefined) return false
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.some(
      ({ initializer }) => initializer !== undefined && ts.isFunctionLike(initializer),
    )
  }
  return (
    ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isMethodSignature(node)
  )
}

/** Returns the argument that names a test, in every form: `test(…)`, `test.each(…)(…)`, `it.skip(…)`. */
function titleOf(call) {
  let callee = call.expression
  while (!ts.isIdentifier(callee)) {
    if (callee.expression === undefined) return undefined
    callee = callee.expression
  }
  const [title] = call.arguments
  return TEST_FUNCTIONS.has(callee.text) && isText(title) ? title : undefined
}

function isMessage(node) {
  if (!isText(node)) return false
  const { parent } = node
  // This is a part of a longer text, which counts as one message.
  if (ts.isBinaryExpression(parent) && isText(parent)) return false
  const words = stringText(node).match(/[A-Za-z]{2,}/g) ?? []
  return words.length >= WORDS_OF_A_MESSAGE && / \S+ /.test(stringText(node))
}

function isText(node) {
  if (node === undefined) return false
  if (ts.isBinaryExpression(node)) {
    const isSum = node.operatorToken.kind === ts.SyntaxKind.PlusToken
    return isSum && (isText(node.left) || isText(node.right))
  }
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)
}

/** Returns the text of a string, with `…` in place of each expression. */
function stringText(node) {
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('')
  }
  return ts.isBinaryExpression(node) ? stringText(node.left) + stringText(node.right) : '…'
}
