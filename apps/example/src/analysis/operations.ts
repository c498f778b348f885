import { answerQuestion } from './answer-question.js'
import { parseDocument, type TextDocument } from './document.js'
import { extractKeyPoints } from './key-points.js'
import { generateQuestions } from './questions.js'
import { analyzeSentiment } from './sentiment.js'
import { summarize } from './summarize.js'

/** An operation on a text, with a value for every option. */
export type Task =
  | { readonly operation: 'summarize'; readonly options: { readonly max_sentences: number } }
  | { readonly operation: 'sentiment'; readonly options: Readonly<Record<string, never>> }
  | { readonly operation: 'key_points'; readonly options: { readonly count: number } }
  | { readonly operation: 'questions'; readonly options: { readonly count: number } }
  | {
      readonly operation: 'qa'
      readonly options: Readonly<Record<string, never>>
      readonly question: string
    }

/** Performs a task on a text. The same text and task have the same result in every process. */
export function analyze(text: string, task: Task): object {
  return perform(parseDocument(text), task)
}

function perform(document: TextDocument, task: Task): object {
  if (task.operation === 'summarize') return summarize(document, task.options.max_sentences)
  if (task.operation === 'sentiment') return analyzeSentiment(document)
  if (task.operation === 'key_points') return extractKeyPoints(document, task.options.count)
  if (task.operation === 'questions') return generateQuestions(document, task.options.count)
  return answerQuestion(document, task.question)
}

const WARM_UP_TEXT =
  'Ada Lovelace wrote the first program in London in 1843. It was a good one, and it cost $5. ' +
  'The engine that should have run it was never built, because money ran out after ten years.'

/** Runs every operation once, because the models build their tables on first use. */
export function warmUp(): void {
  const document = parseDocument(WARM_UP_TEXT)
  perform(document, { operation: 'summarize', options: { max_sentences: 1 } })
  perform(document, { operation: 'sentiment', options: {} })
  perform(document, { operation: 'key_points', options: { count: 1 } })
  perform(document, { operation: 'questions', options: { count: 3 } })
  perform(document, { operation: 'qa', options: {}, question: 'Who wrote the program?' })
}
