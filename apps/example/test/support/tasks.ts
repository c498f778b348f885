import type { Task } from '../../src/analysis/operations.js'
import type { SampleName } from './samples.js'

const QUESTIONS: Record<SampleName, string> = {
  'day-of-infamy': 'Who attacked the United States?',
  'declaration-of-independence': 'When was the Declaration made?',
  'gift-of-the-magi': 'How much money did Della have?',
}

/** Returns one task for each of the five operations. */
export function tasksFor(sample: SampleName): Task[] {
  return [
    { operation: 'summarize', options: { max_sentences: 3 } },
    { operation: 'sentiment', options: {} },
    { operation: 'key_points', options: { count: 5 } },
    { operation: 'questions', options: { count: 5 } },
    { operation: 'qa', options: {}, question: QUESTIONS[sample] },
  ]
}
