import { type MessagePort, parentPort } from 'node:worker_threads'
import {
  type Body,
  type CompressionSettings,
  type PackedBody,
  pack,
  toBuffer,
  unpack,
} from './body.js'
import { failureOf } from './failure.js'
import { hasTags, type Json } from './json.js'
import { Assembly, cut, type Piece } from './pieces.js'

/** What this thread is asked. It answers each with one reply before it is asked again. */
export type Request =
  /** To take a piece of JSON. */
  | { readonly piece: Piece }
  /** To pack the JSON of which it has taken the pieces. */
  | { readonly pack: CompressionSettings }
  /** To unpack JSON and answer its first piece. */
  | { readonly unpack: Body }
  | 'next piece'

export interface PackReply {
  readonly packed: PackedBody
}

export interface PieceReply {
  /** `undefined` when there are no more. */
  readonly piece: Piece | undefined
  readonly tagged: boolean
}

export type Reply = 'ready' | PackReply | PieceReply

/** Stands for any reply. */
export interface Failure {
  readonly failure: string
}

const taken = new Assembly()
let toSend: Iterator<Piece> = cut(null)
let tagged = false

async function answer(request: Request): Promise<Reply> {
  if (request === 'next piece') return nextPiece()
  if ('piece' in request) {
    taken.add(request.piece)
    return 'ready'
  }
  if ('pack' in request) return { packed: await pack(taken.take() as Json, request.pack) }
  const text = await unpack(request.unpack)
  tagged = hasTags(text)
  toSend = cut(JSON.parse(text) as Json)
  return nextPiece()
}

function nextPiece(): PieceReply {
  const { value, done } = toSend.next()
  return { piece: done === true ? undefined : value, tagged }
}

function send(port: MessagePort, reply: Reply | Failure): void {
  if (typeof reply === 'object' && 'packed' in reply) {
    // A copy, since what zlib answers may be part of a buffer that cannot be handed over.
    const content = new Uint8Array(toBuffer(reply.packed.content))
    port.postMessage({ packed: { ...reply.packed, content } } satisfies Reply, [content.buffer])
  } else port.postMessage(reply)
}

async function serve(port: MessagePort, request: Request): Promise<void> {
  try {
    send(port, await answer(request))
  } catch (error) {
    send(port, { failure: failureOf(error) })
  }
}

function listen(port: MessagePort): void {
  port.on('message', (request: Request) => void serve(port, request))
  // Nothing could be answered; to end is an answer.
  port.on('messageerror', (error) => {
    throw error
  })
  send(port, 'ready')
}

if (parentPort !== null) listen(parentPort)
