import { expect, test } from 'vitest'
import { answerQuestion } from '../../src/analysis/answer-question.js'
import { parseDocument } from '../../src/analysis/document.js'
import { readSample, type SampleName } from '../support/samples.js'

test.each<[SampleName, string, string]>([
  ['day-of-infamy', 'When was the United States attacked?', 'December 7th, 1941'],
  ['day-of-infamy', 'On what date did the attack happen?', 'December 7th, 1941'],
  ['day-of-infamy', 'Who attacked Hong Kong?', 'Japanese forces'],
  [
    'day-of-infamy',
    'Who attacked the United States?',
    'naval and air forces of the Empire of Japan',
  ],
  ['day-of-infamy', 'Which island was bombed?', 'the American island of Oahu'],
  ['declaration-of-independence', 'When was the Declaration made?', 'July 4, 1776'],
  ['declaration-of-independence', 'How many states are there?', 'thirteen'],
  ['gift-of-the-magi', 'How much money did Della have?', '$1.87'],
  ['gift-of-the-magi', 'What did Jim sell?', 'the watch'],
  ['gift-of-the-magi', 'Who brought gifts to the Babe?', 'The magi'],
  ['gift-of-the-magi', 'How long did it take Della to curl her hair?', 'forty minutes'],
])('the answer in %s to the question %s is found', (sample, question, answer) => {
  expect(answerQuestion(parseDocument(readSample(sample)), question)).toMatchObject({
    answerable: true,
    answer,
  })
})

test.each([
  'What is the capital of France?',
  'Who is Napoleon?',
  'How much did the chain cost?',
  'When is the story set?',
])('the text does not answer the question %s', (question) => {
  expect(answerQuestion(parseDocument(readSample('gift-of-the-magi')), question)).toMatchObject({
    answerable: false,
    answer: null,
    evidence: null,
  })
})

test('an answer has the sentence that contains it', () => {
  const { evidence } = answerQuestion(
    parseDocument('It rained. Ada met Charles.'),
    'Whom did Ada meet?',
  )
  expect(evidence).toEqual({ index: 1, text: 'Ada met Charles.' })
})
