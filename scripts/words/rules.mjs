// Finds words and sentences that do not follow the style of this repository.
import {
  FUNCTION_STARTS,
  HEADLESS_STARTS,
  HISTORY,
  LEGACY,
  MEASURE_STARTS,
  NAME_WORDS,
  NO_VERBS,
  PHRASES,
  VAGUE_VERBS,
  VALUES,
} from './vocabulary.mjs'

/** The rules that fail the check, in the order of the report. */
export const RULES = ['name', 'doc-start', 'phrase', 'history']
/** Rules that are only measured, because a program cannot decide about a single sentence. */
export const MEASURES = ['long-sentence', 'headless-clause']

const LONGEST_SENTENCE = 25
const HEADLESS_CLAUSE = /\bwhat (is|are|was|were|has|have|had|must|may|can|cannot)\b/gi

/**
 * @typedef {{ line: number, rule: string, found: string, use: string }} Finding
 */

/**
 * Returns the findings in one source file.
 *
 * @param {string} file - path from the root of the repository, with `/`
 * @param {import('./source-text.mjs').SourceText} source
 * @returns {Finding[]}
 */
export function checkSource(file, { names, values, comments, testNames, messages }) {
  // Strings of tests are data, and seeded bugs quote source text.
  const isTest = /(^|\/)(test|bench|nightly|bugs)\//.test(file)
  const prose = [...comments, ...testNames, ...(isTest ? [] : messages)]
  return [
    ...pathNames(file).flatMap((name) => checkName(file, name)),
    ...names.flatMap((name) => checkName(file, name)),
    ...values.flatMap((value) => checkValue(file, value)),
    ...comments.flatMap(checkStart),
    ...testNames.flatMap(checkTestName),
    ...prose.flatMap((passage) => checkProse(file, passage)),
    ...comments.filter(({ isDoc }) => isDoc).flatMap(longSentences),
    ...prose.flatMap(headlessClauses),
  ].toSorted((one, other) => one.line - other.line)
}

/**
 * Returns the findings in a Markdown page. Code is not checked.
 *
 * @param {string} file
 * @param {string} text
 * @returns {Finding[]}
 */
export function checkPage(file, text) {
  const prose = text.replace(/^( *)```[^]*?^\1```/gm, (code) => code.replace(/.+/g, ''))
  return prose.split('\n').flatMap((line, index) => {
    const passage = { text: line.replace(/`[^`]*`|\]\([^)]*\)/g, '…'), line: index + 1 }
    return checkProse(file, passage).concat(headlessClauses(passage))
  })
}

/** Returns the path below the package, without the extension: its folders and its file have names too. */
function pathNames(file) {
  const [, name] = /^(?:packages|apps|tooling)\/[^/]+\/([^.]+)/.exec(file) ?? []
  return name === undefined ? [] : [{ text: name, line: 1 }]
}

function checkName(file, { text, line }) {
  const words = wordsOf(text)
  return NAME_WORDS.filter(({ within, except }) => applies(file, within) && !except?.test(text))
    .filter(({ word }) => new RegExp(`(^| )(${word})( |$)`).test(words))
    .map(({ use }) => ({ line, rule: 'name', found: text, use }))
}

/** Returns the words of a name in lower case: `read over` for `readOver`, `read-over` and `READ_OVER`. */
function wordsOf(name) {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replace(/[^A-Za-z0-9]+/g, ' ')
    .trim()
    .toLowerCase()
}

function checkValue(file, { text, line }) {
  return VALUES.filter(({ value, within }) => value === text && applies(file, within)).map(
    ({ use }) => ({ line, rule: 'name', found: `'${text}'`, use: `'${use}'` }),
  )
}

function checkStart({ isDoc, text, line, ofFunction }) {
  const summary = (text.split(/^@|\s@(?=[a-z])/m)[0] ?? '').trim()
  if (!isDoc || summary === '' || summary.startsWith('{@inheritDoc')) return []
  if (!ofFunction && MEASURE_STARTS.test(summary)) return []
  const [start = ''] = summary.split(/[\s,.:;]/, 1)
  const finding = (use) => [{ line, rule: 'doc-start', found: summary.slice(0, 60), use }]
  const first = start.toLowerCase()
  if (VAGUE_VERBS.has(first)) return finding('Returns, Reports, Emits')
  if (HEADLESS_STARTS.has(first)) return finding('a third-person verb or a noun')
  if (/^[^.!]*\?(\s|$)/.test(summary)) return finding('a statement, not a question')
  if (!ofFunction) return []
  const isVerb = /^[A-Z][a-z-]+s$/.test(start) && !NO_VERBS.has(first)
  return isVerb || FUNCTION_STARTS.test(summary) ? [] : finding('a third-person verb')
}

function checkTestName({ text, line }) {
  const [first = ''] = text.toLowerCase().split(' ', 1)
  const isHeadless = /^(what|who|whose|whoever|whatever|whether|which)$/.test(first)
  return isHeadless && text.includes(' ')
    ? [{ line, rule: 'phrase', found: text, use: 'a sentence with a subject' }]
    : []
}

function checkProse(file, { text, line }) {
  const phrases = findPhrases(file, { text, line }, PHRASES, 'phrase')
  if (LEGACY.test(file)) return phrases
  return [...phrases, ...findPhrases(file, { text, line }, HISTORY, 'history')]
}

function findPhrases(file, { text, line }, list, rule) {
  return list
    .filter(({ except }) => !except?.test(file))
    .flatMap(({ phrase, use }) =>
      [...text.matchAll(new RegExp(phrase, 'gi'))].map((match) => ({
        line: line + lineBreaks(text, match.index),
        rule,
        found: around(text, match),
        use,
      })),
    )
}

function longSentences({ text, line }) {
  return sentencesOf(text)
    .filter((sentence) => sentence.split(/\s+/).length > LONGEST_SENTENCE)
    .map((sentence) => ({
      line: line + lineBreaks(text, text.indexOf(sentence.slice(0, 12))),
      rule: 'long-sentence',
      found: `${sentence.split(/\s+/).length} words: ${sentence.slice(0, 60)}`,
      use: `${LONGEST_SENTENCE} words at most`,
    }))
}

/** Returns the sentences of a comment. A tag, a list item and an empty line start a new one. */
function sentencesOf(text) {
  return text
    .replace(/```[^]*?```/g, '')
    .replace(/^@example[^]*?(?=^@|$(?![^]))/gm, '')
    .replace(/`[^`\n]*`/g, 'code')
    .split(/\n\s*\n|\n(?=\s*(?:@|[-*] ))|(?<=[.!?])\s+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '')
}

function headlessClauses({ text, line }) {
  return [...text.matchAll(HEADLESS_CLAUSE)].map((match) => ({
    line: line + lineBreaks(text, match.index),
    rule: 'headless-clause',
    found: around(text, match),
    use: 'a noun: the value that was read',
  }))
}

function applies(file, within) {
  return within === undefined || within.test(file)
}

function lineBreaks(text, end) {
  return text.slice(0, Math.max(end, 0)).split('\n').length - 1
}

/** Returns a match with some words of its surroundings. */
function around(text, { 0: match, index }) {
  const before = text.slice(0, index).split(/\s+/).slice(-4).join(' ')
  const after = text
    .slice(index + match.length)
    .split(/\s+/)
    .slice(0, 4)
    .join(' ')
  return `${before}[${match}]${after}`
}
