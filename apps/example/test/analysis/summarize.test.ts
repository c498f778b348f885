import { expect, test } from 'vitest'
import { parseDocument } from '../../src/analysis/document.js'
import { summarize } from '../../src/analysis/summarize.js'
import { readSample } from '../support/samples.js'

const speech = parseDocument(readSample('day-of-infamy'))

test('the summary of the speech begins with the attack', () => {
  const { sentences } = summarize(speech, 3)
  expect(sentences).toHaveLength(3)
  expect(sentences[0]?.text).toContain('attacked by naval and air forces of the Empire of Japan')
  const indexes = sentences.map(({ index }) => index)
  expect(indexes).toEqual(indexes.toSorted((left, right) => left - right))
})

test('the summary has no repeated sentences', () => {
  const lastNight = summarize(speech, 5).sentences.filter(({ text }) =>
    text.startsWith('Last night'),
  )
  expect(lastNight.length).toBeLessThanOrEqual(1)
})

test('the summary cuts a very long sentence after its first full clause', () => {
  const declaration = parseDocument(readSample('declaration-of-independence'))
  const longest = summarize(declaration, 20).sentences.map(({ text }) => text.split(' ').length)
  expect(Math.max(...longest)).toBeLessThan(80)
})

test('the summary of a text with too few sentences is the whole text', () => {
  const { summary, sentence_count } = summarize(parseDocument('It rained. We stayed in.'), 20)
  expect(summary).toBe('It rained. We stayed in.')
  expect(sentence_count).toBe(2)
})
