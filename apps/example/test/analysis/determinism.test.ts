import { expect, test } from 'vitest'
import { analyze } from '../../src/analysis/operations.js'
import { digestOf, expectedDigest, SAMPLE_TASKS } from '../support/expected-digests.js'
import { readSample } from '../support/samples.js'

// The language model remembers each word that it reads, and split "Jim's" differently the second time.
test('the results for the samples are the same in every run and do not depend on earlier analyses', () => {
  for (const order of [SAMPLE_TASKS, SAMPLE_TASKS.toReversed()]) {
    const digests = order.map((each) => digestOf(each, analyze(readSample(each.sample), each.task)))
    expect(digests).toEqual(order.map(expectedDigest))
  }
}, 300_000)
