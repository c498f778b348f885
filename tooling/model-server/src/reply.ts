/** A way to break answers. */
export type Fault =
  | 'cut'
  | 'filtered'
  | 'empty'
  | 'status'
  | 'error'
  | 'disconnect'
  | 'truncate'
  | 'stall'

/** The body of a request. */
export type RequestBody = Readonly<Record<string, unknown>>

/** An answer in a form that belongs to no protocol. */
export interface Reply {
  /** The chunks of the text. */
  readonly text: readonly string[]
  readonly reasoning?: string | undefined
  readonly toolCalls?: readonly { readonly name: string; readonly input: string }[] | undefined
}

/** Why the answer ended. */
export type Ending = 'stop' | 'tools' | 'cut' | 'filtered'

/** An answer, with what each protocol adds to it. */
export interface Answered extends Reply {
  readonly ending: Ending
  /** Distinguishes the ids of answers. */
  readonly number: number
  readonly model: string
  readonly toolCalls: readonly { readonly name: string; readonly input: string }[]
}

export const TOKENS = { input: 9, output: 3 } as const
const TEXT = ['Boil, ', 'then ', 'pour.']
const JSON_TEXT = ['{"steps":', '["boil","pour"]}']

/** Returns the usual answer: the call of a tool that has not run, JSON if it is wanted, or a text. */
export function usualReply(body: RequestBody): Reply {
  const tool = toolNameOf(body)
  if (tool !== undefined && !hasToolResult(body))
    return { text: [], toolCalls: [{ name: tool, input: '{"city":"Paris"}' }] }
  return { text: wantsJson(body) ? JSON_TEXT : TEXT }
}

/** Returns the same numbers for the same text. A 32-bit float holds them exactly. */
export function vectorOf(text: string): number[] {
  let sum = 0
  for (const [index, unit] of [...Buffer.from(text)].entries())
    sum = (sum + unit * (index + 1)) % 65_536
  return [sum / 65_536, text.length / 64, -0.5]
}

function toolNameOf({ tools }: RequestBody): string | undefined {
  const [first] = Array.isArray(tools) ? (tools as readonly RequestBody[]) : []
  const { function: named, name, functionDeclarations } = first ?? {}
  const [declared] = Array.isArray(functionDeclarations) ? functionDeclarations : []
  const found: unknown = Object(named).name ?? name ?? Object(declared).name
  return typeof found === 'string' ? found : undefined
}

function hasToolResult(body: RequestBody): boolean {
  const text = JSON.stringify(body['messages'] ?? body['input'] ?? body['contents'] ?? '')
  return /"role":"tool"|"tool_result"|"function_call_output"|"functionResponse"/.test(text)
}

function wantsJson({
  response_format,
  text,
  generationConfig,
  output_format,
  output_config,
}: RequestBody): boolean {
  const format: unknown =
    Object(Object(response_format)).type ?? Object(Object(text).format).type ?? output_format
  const isGoogle = Object(generationConfig).responseMimeType === 'application/json'
  const isAnthropic = Object(output_config).format !== undefined
  return (
    isGoogle ||
    isAnthropic ||
    (typeof format === 'string' ? format.startsWith('json') : format !== undefined)
  )
}
