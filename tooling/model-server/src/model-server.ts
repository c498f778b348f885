import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { messages } from './anthropic.js'
import { generateContent } from './google.js'
import { chatCompletions, completions, responses } from './openai.js'
import {
  type Answered,
  type Fault,
  type Reply,
  type RequestBody,
  usualReply,
  vectorOf,
} from './reply.js'
import { eventText, type Wire, type WireEvent } from './wire.js'

/** A request that the server has received. */
export interface ReceivedRequest {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: RequestBody
  /** Whether the client closed the connection before the end of the answer. */
  isAborted: boolean
}

const GOOGLE =
  /\/models\/([^/:]+):(generateContent|streamGenerateContent|embedContent|batchEmbedContents)$/
const WIRES: Readonly<Record<string, Wire>> = {
  '/chat/completions': chatCompletions,
  '/responses': responses,
  '/completions': completions,
  '/messages': messages,
}

/**
 * A server that speaks the protocols of OpenAI, Anthropic and Google.
 *
 * @example
 * ```ts
 * await using server = await ModelServer.start()
 * const openai = new OpenAI({ apiKey: 'test', baseURL: `${server.url}/v1` })
 * ```
 */
export class ModelServer implements AsyncDisposable {
  /** All requests, in the order of their arrival. */
  readonly requests: ReceivedRequest[] = []
  /** The way to break answers. Default: none. */
  fault: Fault | undefined
  /** The pause before each event of a stream, in milliseconds. */
  pauseMs = 0
  /** Returns what the server answers to a request. */
  reply: (body: RequestBody, number: number) => Reply = usualReply
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response).catch(() => response.destroy())
  })

  static async start(): Promise<ModelServer> {
    const server = new ModelServer()
    await new Promise<void>((resolve) => {
      server.#server.listen(0, '127.0.0.1', resolve)
    })
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Forgets the requests, and answers as usual again. */
  reset(): void {
    this.requests.length = 0
    this.fault = undefined
    this.pauseMs = 0
    this.reply = usualReply
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const body = await bodyOf(request)
    const received: ReceivedRequest = {
      path: pathname,
      headers: request.headers,
      body,
      isAborted: false,
    }
    this.requests.push(received)
    response.on('close', () => {
      received.isAborted = !response.writableFinished
    })
    const number = this.requests.length
    response.setHeader('x-request-id', `req_${number}`).setHeader('request-id', `req_${number}`)
    if (this.fault === 'status')
      return sendJson(response, { error: { message: 'overloaded' } }, 500)
    const [, model = '', method = ''] = GOOGLE.exec(pathname) ?? []
    if (method.endsWith('mbedContent') || method === 'batchEmbedContents')
      return sendJson(response, googleEmbeddings(body, method))
    if (pathname.endsWith('/embeddings')) return sendJson(response, embeddings(body))
    if (pathname.endsWith('/models')) return sendJson(response, { object: 'list', data: [] })
    const path = Object.keys(WIRES).find((end) => pathname.endsWith(end)) ?? ''
    const wire = method === '' ? WIRES[path] : generateContent
    if (wire === undefined) return sendJson(response, { error: { message: 'not found' } }, 404)
    const answered = this.#answered(body, number, model || String(body['model']))
    const isStream = body['stream'] === true || searchParams.get('alt') === 'sse'
    if (isStream) await this.#sendEvents(response, wire, wire.events(answered, body))
    else this.#sendWhole(response, wire.whole(answered))
  }

  #answered(body: RequestBody, number: number, model: string): Answered {
    const reply = this.reply(body, number)
    const toolCalls = reply.toolCalls ?? []
    const ending = this.fault === 'cut' || this.fault === 'filtered' ? this.fault : undefined
    const usual = toolCalls.length > 0 ? 'tools' : 'stop'
    const text = this.fault === 'empty' ? [] : reply.text
    return { ...reply, text, toolCalls, ending: ending ?? usual, number, model }
  }

  #sendWhole(response: ServerResponse, body: object): void {
    if (this.fault !== 'disconnect' && this.fault !== 'stall') return sendJson(response, body)
    const text = JSON.stringify(body)
    response.setHeader('content-type', 'application/json').setHeader('content-length', text.length)
    response.write(text.slice(0, text.length / 2))
    if (this.fault === 'disconnect') setImmediate(() => response.destroy())
  }

  async #sendEvents(
    response: ServerResponse,
    wire: Wire,
    events: readonly WireEvent[],
  ): Promise<void> {
    response.setHeader('content-type', 'text/event-stream')
    const middle = Math.ceil(events.length / 2)
    for (const [index, event] of events.entries()) {
      if (response.destroyed) return
      if (index === middle && this.fault !== undefined) {
        await pause(5)
        if (this.fault === 'stall') return
        if (this.fault === 'disconnect') return void response.destroy()
        if (this.fault === 'truncate') break
        if (this.fault === 'error') {
          response.write(eventText(wire.error))
          break
        }
      }
      if (this.pauseMs > 0) await pause(this.pauseMs)
      response.write(eventText(event))
    }
    response.end()
  }
}

async function bodyOf(request: IncomingMessage): Promise<RequestBody> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text === '' ? {} : (JSON.parse(text) as RequestBody)
}

function sendJson(response: ServerResponse, body: object, status = 200): void {
  response.statusCode = status
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
}

function embeddings({ input, encoding_format, model }: RequestBody): object {
  const data = [input].flat().map((text, index) => {
    const vector = vectorOf(String(text))
    const embedding =
      encoding_format === 'base64'
        ? Buffer.from(new Float32Array(vector).buffer).toString('base64')
        : vector
    return { object: 'embedding', index, embedding }
  })
  return { object: 'list', data, model, usage: { prompt_tokens: 2, total_tokens: 2 } }
}

function googleEmbeddings(body: RequestBody, method: string): object {
  const embed = ({ content }: RequestBody): object => ({
    values: vectorOf(JSON.stringify(content)),
  })
  if (method === 'embedContent') return { embedding: embed(body) }
  return { embeddings: ((body['requests'] ?? []) as readonly RequestBody[]).map(embed) }
}
