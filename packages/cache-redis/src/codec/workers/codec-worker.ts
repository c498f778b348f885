import { type MessagePort, parentPort } from 'node:worker_threads'
import {
  type Body,
  type CompressionSettings,
  type PackedBody,
  pack,
  toBuffer,
  unpack,
} from '../body.js'
import { failureOf } from '../codec-errors.js'
import { hasTags, type Json } from '../json.js'
import { Assembly, cut, type Piece } from './pieces.js'

/** The requests to this thread. Each gets one reply before the next request. */
export type Request =
  /** Takes a piece of JSON. */
  | { readonly piece: Piece }
  /** Packs the JSON whose pieces were taken. */
  | { readonly pack: CompressionSettings }
  /** Unpacks JSON, and replies with its first piece. */
  | { readonly unpack: Body }
  | 'next piece'

export interface PackReply {
  readonly packed: PackedBody
}

export interface PieceReply {
  /** `undefined` when there are no more pieces. */
  readonly piece: Piece | undefined
  readonly tagged: boolean
}

export type Reply = 'ready' | PackReply | PieceReply

/** The reply when the request failed. */
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
    // A copy, because the result of zlib may be part of a buffer that cannot be transferred.
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
  // No reply is possible, so the thread ends.
  port.on('messageerror', (error) => {
    throw error
  })
  send(port, 'ready')
}

if (parentPort !== null) listen(parentPort)
