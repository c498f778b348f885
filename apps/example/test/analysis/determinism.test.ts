import { createHash } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { analyze } from '../../src/analysis/operations.js'
import { readSample, SAMPLE_NAMES } from '../support/samples.js'
import { tasksFor } from '../support/tasks.js'

// Each analysis loads a language model.
vi.setConfig({ testTimeout: 120_000 })

// Results are stored longer than the process runs, so they must not change from run to run. When a digest
// changes here, stored results are out of date.
test('the results for the samples are the same in every run', () => {
  const digests: Record<string, string> = {}
  for (const name of SAMPLE_NAMES) {
    for (const task of tasksFor(name)) {
      const answer = JSON.stringify(analyze(readSample(name), task))
      const digest = createHash('sha256').update(answer).digest('hex').slice(0, 16)
      digests[`${name} ${task.operation}`] = digest
    }
  }
  expect(digests).toMatchInlineSnapshot(`
    {
      "day-of-infamy key_points": "c9d5af009460624d",
      "day-of-infamy qa": "00bb8ab8d4449e8d",
      "day-of-infamy questions": "416bffcee2a1cd66",
      "day-of-infamy sentiment": "3b75d58031bbc2c6",
      "day-of-infamy summarize": "62d796b34dbb5d2a",
      "declaration-of-independence key_points": "3fa44828607663d0",
      "declaration-of-independence qa": "9e9c9f9883179fc5",
      "declaration-of-independence questions": "ee4e441c36abf1c8",
      "declaration-of-independence sentiment": "9596056bb91c9055",
      "declaration-of-independence summarize": "b89e842e880efbab",
      "gift-of-the-magi key_points": "71bfbb622a7a463e",
      "gift-of-the-magi qa": "788de7e1a8fcc199",
      "gift-of-the-magi questions": "676d02047d5257cd",
      "gift-of-the-magi sentiment": "f9774656f662980d",
      "gift-of-the-magi summarize": "0f34f6101ade6343",
    }
  `)
})

// The language model remembers each word that it reads, and split "Jim's" differently the second time.
test.each(SAMPLE_NAMES)('an analysis of %s does not depend on earlier ones', (name) => {
  const text = readSample(name)
  const tasks = tasksFor(name)
  const alone = tasks.map((task) => JSON.stringify(analyze(text, task)))
  const backwards = tasks.toReversed().map((task) => JSON.stringify(analyze(text, task)))
  expect(backwards.toReversed()).toEqual(alone)
})
