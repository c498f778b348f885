import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The body of a request. Each kind of request has some of the fields. */
interface ModelRequest {
  readonly stream?: boolean
  readonly input?: string | readonly string[]
  readonly encoding_format?: 'base64' | 'float'
  /** The client wants JSON. */
  readonly response_format?: object
}

const TOKENS = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 }
const JSON_ANSWER = '{"steps":["boil","pour"]}'
const ANSWER_PARTS = ['Boil, ', 'then ', 'pour.']
/** Numbers that a 32-bit float holds exactly. */
const VECTOR = [0.25, -0.5, 1.75]

/** Serves the HTTP interfaces of OpenAI and Anthropic, with the same answer to every request. */
export class ModelServer {
  readonly #server = createServer((request, response) => {
    void answer(request, response)
  })

  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve)
    })
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = (await bodyOf(request)) as ModelRequest
  response.setHeader('x-request-id', 'req_1').setHeader('request-id', 'req_1')
  if (request.url === '/v1/embeddings') sendJson(response, embeddings(asked))
  else if (request.url === '/v1/messages') sendJson(response, message())
  else if (asked.stream === true) sendEvents(response, chunks())
  else sendJson(response, completion(asked))
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return JSON.parse(text)
}

function sendJson(response: ServerResponse, body: object): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
}

function sendEvents(response: ServerResponse, events: readonly object[]): void {
  response.setHeader('content-type', 'text/event-stream')
  for (const event of events) response.write(`data: ${JSON.stringify(event)}\n\n`)
  response.end('data: [DONE]\n\n')
}

function completion({ response_format }: ModelRequest): object {
  const content = response_format === undefined ? ANSWER_PARTS.join('') : JSON_ANSWER
  const choice = {
    ...{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null },
    finish_reason: 'stop',
  }
  return { ...head('chat.completion'), choices: [choice], usage: TOKENS }
}

function chunks(): object[] {
  const chunk = (delta: object, finish_reason: string | null): object => {
    return { ...head('chat.completion.chunk'), choices: [{ index: 0, delta, finish_reason }] }
  }
  return [
    ...ANSWER_PARTS.map((content) => chunk({ role: 'assistant', content }, null)),
    { ...chunk({}, 'stop'), usage: TOKENS },
  ]
}

function head(object: string): object {
  return { id: 'chatcmpl-1', object, created: 1_760_000_000, model: 'gpt-test' }
}

function embeddings({ input, encoding_format }: ModelRequest): object {
  const embedding =
    encoding_format === 'base64'
      ? Buffer.from(new Float32Array(VECTOR).buffer).toString('base64')
      : VECTOR
  const data = [input].flat().map((_text, index) => ({ object: 'embedding', index, embedding }))
  const usage = { prompt_tokens: 2, total_tokens: 2 }
  return { object: 'list', data, model: 'embedding-test', usage }
}

function message(): object {
  return {
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-test' },
    ...{ content: [{ type: 'text', text: ANSWER_PARTS.join('') }] },
    ...{ stop_reason: 'end_turn', stop_sequence: null },
    usage: { input_tokens: 9, output_tokens: 3 },
  }
}
