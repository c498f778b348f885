import { analyze, type Task, warmUp } from './operations.js'
import { prepareNextText } from './wink.js'

export interface AnalysisJob {
  readonly text: string
  readonly task: Task
}

export interface Analysis {
  readonly result: object
  /** Duration of the analysis, in milliseconds, without the wait for a thread. */
  readonly computeMs: number
}

warmUp()

/** Analyzes one text in a worker thread. The pool calls it once per job. */
export default function runJob({ text, task }: AnalysisJob): Analysis {
  const startedAt = performance.now()
  const result = analyze(text, task)
  // The next model loads after the result has been sent.
  setImmediate(prepareNextText)
  return { result, computeMs: performance.now() - startedAt }
}
