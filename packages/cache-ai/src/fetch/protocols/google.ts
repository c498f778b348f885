import type { AnswerPart, FinishReason } from '../../model-calls/model-answer.js'
import { answer, type Json, listOf, objectOf, type Protocol, text, toolCall } from './protocol.js'

/** `generateContent` and `streamGenerateContent` of Google. */
export const googleGenerate: Protocol = {
  name: 'google-generate',
  dependsOnProvider: (body) => {
    const isProviderTool = (tool: Json): boolean =>
      Object.keys(tool).some(
        (name) => name !== 'functionDeclarations' && name !== 'function_declarations',
      )
    return listOf(body['tools']).some(isProviderTool) ? 'provider_tool' : undefined
  },
  wantsJson: ({ generationConfig }) =>
    objectOf(generationConfig)['responseMimeType'] === 'application/json',
  answersOf: ({ candidates }) =>
    listOf(candidates).map((candidate) => {
      const parts = listOf(objectOf(candidate['content'])['parts']).map(partOf)
      return answer(parts, finishOf(candidate, parts))
    }),
  assemble(events) {
    let whole: Record<string, unknown> | undefined
    const candidates = new Map<unknown, Record<string, unknown>>()
    for (const { data } of events) {
      if (data === '[DONE]') continue
      whole = Object.assign(whole ?? {}, data)
      for (const candidate of listOf(data['candidates'])) addCandidate(candidates, candidate)
    }
    const all = [...candidates.values()]
    const isFinished = all.every(({ finishReason }) => typeof finishReason === 'string')
    return whole === undefined || all.length === 0 || !isFinished
      ? 'incomplete'
      : { ...whole, candidates: all }
  },
  toEvents: (body) => [{ data: body }],
  toolCallIds: ({ candidates }) =>
    listOf(candidates)
      .flatMap(({ content }) => listOf(objectOf(content)['parts']))
      .map(({ functionCall }) => objectOf(functionCall)['id'])
      .filter((id) => typeof id === 'string'),
}

function partOf(part: Json): AnswerPart {
  const { functionCall, inlineData } = part
  if (functionCall !== undefined) {
    const { id, name, args } = objectOf(functionCall)
    return toolCall(id, name, args)
  }
  const { data } = objectOf(inlineData)
  if (typeof data === 'string')
    return { type: 'file', mediaType: 'image', data: { type: 'data', data } }
  return part['thought'] === true ? { type: 'reasoning', text: '' } : text(part['text'])
}

function finishOf({ finishReason }: Json, parts: readonly AnswerPart[]): FinishReason {
  if (finishReason === 'MAX_TOKENS') return 'length'
  if (finishReason !== 'STOP') return 'content-filter'
  return parts.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop'
}

/** Joins the parts of a candidate. A text continues the text before it. */
function addCandidate(candidates: Map<unknown, Record<string, unknown>>, candidate: Json): void {
  const { index = 0, content, ...fields } = candidate
  const known = candidates.get(index) ?? { index }
  candidates.set(index, Object.assign(known, fields))
  const { parts: more, ...about } = objectOf(content)
  const parts = [...listOf(objectOf(known['content'])['parts'])]
  for (const part of listOf(more)) {
    const last = parts.at(-1)
    if (
      last !== undefined &&
      isPlainText(last) &&
      isPlainText(part) &&
      last['thought'] === part['thought']
    )
      parts[parts.length - 1] = { ...last, text: `${String(last['text'])}${String(part['text'])}` }
    else parts.push(part)
  }
  known['content'] = { ...objectOf(known['content']), ...about, parts }
}

function isPlainText(part: Json): boolean {
  return Object.keys(part).every((name) => name === 'text' || name === 'thought')
}
