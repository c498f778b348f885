import { createHash } from 'node:crypto'
import type { Task } from '../../src/analysis/operations.js'
import { SAMPLE_NAMES, type SampleName } from './samples.js'
import { tasksFor } from './tasks.js'

/**
 * The digests of the results for the samples. Results are stored longer than a process runs, so they must not
 * change from run to run. When a digest changes here, stored results are out of date.
 */
const EXPECTED: Record<SampleName, Record<Task['operation'], string>> = {
  'day-of-infamy': {
    summarize: '62d796b34dbb5d2a',
    sentiment: '3b75d58031bbc2c6',
    key_points: 'c9d5af009460624d',
    questions: '416bffcee2a1cd66',
    qa: '00bb8ab8d4449e8d',
  },
  'declaration-of-independence': {
    summarize: 'b89e842e880efbab',
    sentiment: '9596056bb91c9055',
    key_points: '3fa44828607663d0',
    questions: 'ee4e441c36abf1c8',
    qa: '9e9c9f9883179fc5',
  },
  'gift-of-the-magi': {
    summarize: '0f34f6101ade6343',
    sentiment: 'f9774656f662980d',
    key_points: '71bfbb622a7a463e',
    questions: '676d02047d5257cd',
    qa: '788de7e1a8fcc199',
  },
}

interface SampleTask {
  readonly sample: SampleName
  readonly task: Task
}

/** Every operation on every sample. */
export const SAMPLE_TASKS: readonly SampleTask[] = SAMPLE_NAMES.flatMap((sample) =>
  tasksFor(sample).map((task) => ({ sample, task })),
)

export function expectedDigest({ sample, task }: SampleTask): string {
  return `${sample} ${task.operation} ${EXPECTED[sample][task.operation]}`
}

/** Returns the digest of a result, after the names of its sample and operation. */
export function digestOf({ sample, task }: SampleTask, result: unknown): string {
  const digest = createHash('sha256').update(JSON.stringify(result)).digest('hex')
  return `${sample} ${task.operation} ${digest.slice(0, 16)}`
}
