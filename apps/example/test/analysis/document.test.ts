import { expect, test } from 'vitest'
import { parseDocument } from '../../src/analysis/document.js'

function sentencesOf(text: string): string[] {
  return parseDocument(text).sentences.map((sentence) => sentence.text)
}

test('keeps a question in quotation marks and who asked it together', () => {
  expect(sentencesOf('"Will you buy my hair?" asked Della. He nodded.')).toEqual([
    '"Will you buy my hair?" asked Della.',
    'He nodded.',
  ])
})

test('takes line breaks inside a paragraph for spaces', () => {
  expect(sentencesOf('The ship\nsailed at dawn.\n\nIt sank.')).toEqual([
    'The ship sailed at dawn.',
    'It sank.',
  ])
})

test('does not let one paragraph run into the next', () => {
  const { sentences } = parseDocument('A heading without a stop\n\nThe text begins here.')
  expect(sentences.map(({ paragraph }) => paragraph)).toEqual([0, 1])
})

test('knows a sentence inside a speech, even one without quotation marks of its own', () => {
  const { sentences } = parseDocument('"I know. You do not. She does," he said. He left.')
  expect(sentences.map(({ isSpeech }) => isSpeech)).toEqual([true, true, true, false])
})

test('gives the forms of a word one term', () => {
  const { sentences } = parseDocument('He sold it. They sell it. We declare it. A declaration.')
  const [sold, sell, declare, declaration] = sentences.map(({ terms }) => terms)
  expect(sold).toEqual(sell)
  expect(declare).toEqual(declaration)
})

test.each(['...', '🙂 🙂', '第一句。第二句。', 'A', '\u0000 x', '"'.repeat(50)])(
  'parses what is hardly a text: %j',
  (text) => {
    expect(() => parseDocument(text)).not.toThrow()
  },
)

// Each of these once took from ten seconds to minutes.
test.each([
  ['one word', 'a'.repeat(100_000)],
  ['one sentence', 'a '.repeat(50_000)],
  ['one phrase', 'the cat of '.repeat(9_000)],
  ['nothing but sentences', 'Hi dog. '.repeat(12_500)],
  ['nothing but dates', 'May 1, 1999 '.repeat(8_000)],
])('a text that is %s costs no more than other long texts', (_what, text) => {
  const startedAt = performance.now()
  const { sentences } = parseDocument(text)
  expect(performance.now() - startedAt).toBeLessThan(8_000)
  expect(sentences.length).toBeLessThanOrEqual(2_000)
})
