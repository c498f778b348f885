import { expect, test } from 'vitest'
import { parseDocument } from '../../src/analysis/document.js'
import { generateQuestions } from '../../src/analysis/questions.js'
import { readSample, SAMPLE_NAMES } from '../support/samples.js'

function askedOf(text: string, count = 5): Array<readonly [string, string | null]> {
  const { questions } = generateQuestions(parseDocument(text), count)
  return questions.map(({ question, answer }) => [question, answer])
}

test('statements become questions of different forms', () => {
  expect(
    askedOf(
      'The Apollo 11 mission landed the first humans on the Moon on July 20, 1969. ' +
        'Michael Collins stayed in the command module. ' +
        'The crew collected rocks because scientists wanted them.',
    ),
  ).toEqual([
    ['When did the Apollo 11 mission land the first humans on the Moon?', 'July 20, 1969'],
    ['Who stayed in the command module?', 'Michael Collins'],
    ['Why did the crew collect rocks?', 'because scientists wanted them'],
  ])
})

test('the samples answer their questions', () => {
  expect(askedOf(readSample('declaration-of-independence'))).toContainEqual([
    'What is the history of the present King of Great Britain?',
    'a history of repeated injuries and usurpations',
  ])
  expect(askedOf(readSample('gift-of-the-magi'))).toContainEqual([
    'What did Jim draw from his overcoat pocket?',
    'a package',
  ])
})

test.each(SAMPLE_NAMES)(
  'the questions about %s are unique and at most as many as requested',
  (name) => {
    const questions = askedOf(readSample(name), 20).map(([question]) => question)
    expect(questions.length).toBeLessThanOrEqual(20)
    expect(new Set(questions).size).toBe(questions.length)
    for (const question of questions) expect(question).toMatch(/^[A-Z].*\w.*\?$/u)
  },
)

test('no question asks who "he" is', () => {
  expect(askedOf('He has refused his assent to laws. They went home in May.')).toEqual([])
})
