import { expect, test } from 'vitest'
import { parseDocument } from '../../src/analysis/document.js'
import { analyzeSentiment } from '../../src/analysis/sentiment.js'
import { readSample, SAMPLE_NAMES } from '../support/samples.js'

test.each([
  ['The food was wonderful and the staff were kind. I loved it.', 'positive'],
  ['The room was filthy. The noise was horrible, and nobody apologised.', 'negative'],
  ['The train leaves at nine. It has six carriages.', 'neutral'],
  [readSample('day-of-infamy'), 'negative'],
  [readSample('gift-of-the-magi'), 'positive'],
])('the sentiment of %.50s is %s', (text, label) => {
  expect(analyzeSentiment(parseDocument(text)).label).toBe(label)
})

test('the result has the most positive and the most negative sentence', () => {
  const text = 'The view was lovely. The bill came. The waiter was rude and awful.'
  const { most_positive, most_negative } = analyzeSentiment(parseDocument(text))
  expect(most_positive?.text).toBe('The view was lovely.')
  expect(most_negative?.text).toBe('The waiter was rude and awful.')
})

test('a neutral text has no most positive or most negative sentence', () => {
  const { most_positive, most_negative, score } = analyzeSentiment(parseDocument('It is nine.'))
  expect([most_positive, most_negative, score]).toEqual([null, null, 0])
})

test.each(SAMPLE_NAMES)(
  'the sentiment of %s counts every sentence once and is within bounds',
  (name) => {
    const document = parseDocument(readSample(name))
    const { sentence_counts: counts, score, confidence } = analyzeSentiment(document)
    expect(counts.positive + counts.neutral + counts.negative).toBe(document.sentences.length)
    expect(Math.abs(score)).toBeLessThanOrEqual(1)
    expect(confidence).toBeGreaterThanOrEqual(0)
    expect(confidence).toBeLessThanOrEqual(1)
  },
)
