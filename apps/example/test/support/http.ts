import { Agent, type IncomingMessage, request } from 'node:http'
import { type ProcessAnswer, resultBytes } from './service.js'

export interface TimedAnswer {
  readonly cache: ProcessAnswer['cache']
  readonly resultBytes: string
  /** Time from the first byte sent to the last byte received, in milliseconds. */
  readonly wallMs: number
}

/** One connection for all requests, as a browser keeps one. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

/** Sends one request over a real connection. */
export async function post(address: string, body: object): Promise<TimedAnswer> {
  const payload = JSON.stringify(body)
  const sentAt = performance.now()
  const { status, text } = await send(`${address}/process`, payload)
  const wallMs = performance.now() - sentAt
  if (status !== 200) throw new Error(`${status} ${text}`)
  const { cache } = JSON.parse(text) as ProcessAnswer
  return { cache, resultBytes: resultBytes(text), wallMs }
}

async function send(url: string, payload: string): Promise<{ status: number; text: string }> {
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(payload),
    }
    request(url, { method: 'POST', agent, headers }, resolve).once('error', reject).end(payload)
  })
  const chunks: Buffer[] = []
  for await (const chunk of reply) chunks.push(chunk as Buffer)
  return { status: reply.statusCode ?? 0, text: Buffer.concat(chunks).toString() }
}
