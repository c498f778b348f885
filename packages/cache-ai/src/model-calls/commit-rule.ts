import type { RefusalReason } from './call-status.js'
import type { AnswerPart, ModelAnswer } from './model-answer.js'

/** The demands of a caller on an answer. */
export interface Expectation {
  /** Whether the text must be JSON. */
  readonly json: boolean
}

/**
 * Returns why an answer must not be stored, or `undefined` for a complete answer. This is the only rule: every
 * adapter turns its answers into a {@link ModelAnswer} and asks here.
 *
 * - The model stopped by itself, or to call tools. Answers that were cut, filtered or failed are refused.
 * - There is text, a tool call or a file. An answer of nothing but reasoning is empty.
 * - The input of each tool call is JSON, and so is the text if the caller asked for JSON.
 */
export function refusalOf(answer: ModelAnswer, { json }: Expectation): RefusalReason | undefined {
  const { content, finishReason } = answer
  const toolCalls = content.filter((part) => part.type === 'tool-call')
  const isCalling = finishReason.unified === 'tool-calls'
  if (finishReason.unified !== 'stop' && !isCalling) return 'finish_reason'
  if (isCalling && toolCalls.length === 0) return 'finish_reason'
  if (!content.some(isSubstance)) return 'empty'
  if (!toolCalls.every(({ input }) => isToolInput(input))) return 'invalid_tool_input'
  if (json && toolCalls.length === 0 && !isJson(textOf(content))) return 'invalid_json'
  return undefined
}

function isSubstance(part: AnswerPart): boolean {
  switch (part.type) {
    case 'text':
      return part.text.trim() !== ''
    case 'file':
      return part.data.type === 'url' || part.data.data.length > 0
    default:
      return part.type === 'tool-call' || part.type === 'custom'
  }
}

function textOf(content: readonly AnswerPart[]): string {
  let text = ''
  for (const part of content) if (part.type === 'text') text += part.text
  return text
}

/** Models call a tool without arguments with an empty text. */
function isToolInput(input: string): boolean {
  return input === '' || isJson(input)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
