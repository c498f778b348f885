import { expect, test } from 'vitest'
import { parseDocument } from '../../src/analysis/document.js'
import { readSample } from '../support/samples.js'

function sentencesOf(text: string): string[] {
  return parseDocument(text).sentences.map((sentence) => sentence.text)
}

test('a quoted question and its speaker are one sentence', () => {
  expect(sentencesOf('"Will you buy my hair?" asked Della. He nodded.')).toEqual([
    '"Will you buy my hair?" asked Della.',
    'He nodded.',
  ])
})

test('line breaks inside a paragraph are spaces', () => {
  expect(sentencesOf('The ship\nsailed at dawn.\n\nIt sank.')).toEqual([
    'The ship sailed at dawn.',
    'It sank.',
  ])
})

test('a sentence ends with its paragraph', () => {
  const { sentences } = parseDocument('A heading without a stop\n\nThe text begins here.')
  expect(sentences.map(({ paragraph }) => paragraph)).toEqual([0, 1])
})

test('a sentence inside a speech is speech, even without quotation marks', () => {
  const { sentences } = parseDocument('"I know. You do not. She does," he said. He left.')
  expect(sentences.map(({ isSpeech }) => isSpeech)).toEqual([true, true, true, false])
})

test('the forms of a word have one term', () => {
  const { sentences } = parseDocument('He sold it. They sell it. We declare it. A declaration.')
  const [sold, sell, declare, declaration] = sentences.map(({ terms }) => terms)
  expect(sold).toEqual(sell)
  expect(declare).toEqual(declaration)
})

test.each(['...', '🙂 🙂', '第一句。第二句。', 'A', '\u0000 x', '"'.repeat(50)])(
  'parseDocument parses %j',
  (text) => {
    expect(() => parseDocument(text)).not.toThrow()
  },
)

function millisecondsToParse(text: string): number {
  const startedAt = performance.now()
  expect(parseDocument(text).sentences.length).toBeLessThanOrEqual(2_000)
  return performance.now() - startedAt
}

// Each of these texts took from ten seconds to minutes in an earlier version.
test('no text takes more than ten times as long as a story of its length', () => {
  const storyMs = millisecondsToParse(readSample('gift-of-the-magi').repeat(9).slice(0, 100_000))
  for (const text of [
    'a'.repeat(100_000),
    'a '.repeat(50_000),
    'the cat of '.repeat(9_000),
    'Hi dog. '.repeat(12_500),
    'May 1, 1999 '.repeat(8_000),
  ]) {
    expect(millisecondsToParse(text)).toBeLessThan(10 * storyMs)
  }
}, 300_000)
