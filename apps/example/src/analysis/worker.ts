import { analyze, type Task, warmUp } from './operations.js'
import { prepareNextText } from './wink.js'

export interface AnalysisJob {
  readonly text: string
  readonly task: Task
}

export interface Analysis {
  readonly result: object
  /** How long the analysis took in its thread, in milliseconds, without the wait for the thread. */
  readonly computeMs: number
}

warmUp()

/** Runs in a worker thread. The pool calls it once per job. */
export default function runJob({ text, task }: AnalysisJob): Analysis {
  const startedAt = performance.now()
  const result = analyze(text, task)
  // After the answer has been sent.
  setImmediate(prepareNextText)
  return { result, computeMs: performance.now() - startedAt }
}
