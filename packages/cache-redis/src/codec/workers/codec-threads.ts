import { Worker } from 'node:worker_threads'
import {
  type Body,
  type CompressionSettings,
  type PackedBody,
  pack,
  toBuffer,
  unpack,
} from '../body.js'
import { codecFailed, unreadable } from '../codec-errors.js'
import { unescapeName } from '../json.js'
import { decodeTaggedJson, fromJson } from '../tagged-json.js'
import type { JsonTree } from '../to-json.js'
import type { Failure, PackReply, PieceReply, Reply, Request } from './codec-worker.js'
import { Assembly, cut, type Piece } from './pieces.js'
import { WorkerPool, type WorkerThread } from './worker-pool.js'
import { workerScript } from './worker-script.js'

/** The most bytes of JSON that wait for a thread. Beyond that, values are refused. */
const MAX_WAITING_BYTES = 256 * 1_024 * 1_024

/** Converts large values in worker threads, so that they do not block the event loop. */
export class CodecThreads {
  readonly #pool: WorkerPool
  #waitingBytes = 0

  constructor(start: () => Worker = startWorker) {
    this.#pool = new WorkerPool(start)
  }

  /** @throws SerializationError (`CODEC_FAILED`) when too much is waiting, or the thread ended */
  async pack({ json, likelyBytes }: JsonTree, settings: CompressionSettings): Promise<PackedBody> {
    if (this.#waitingBytes >= MAX_WAITING_BYTES) {
      throw codecFailed('too many large values are waiting')
    }
    this.#waitingBytes += likelyBytes
    return this.#pool.run(async (thread) => {
      this.#waitingBytes -= likelyBytes
      if (thread === undefined) return pack(json, settings)
      for (const piece of cut(json)) await ask(thread, { piece }, codecFailed)
      const { packed } = await ask<PackReply>(thread, { pack: settings }, codecFailed)
      return packed
    })
  }

  /** @throws SerializationError when `pack` did not make the body, or the thread ended */
  async unpack(body: Body): Promise<unknown> {
    return this.#pool.run(async (thread) => {
      if (thread === undefined) return decodeTaggedJson(await unpack(body))
      // A copy, because a transferred buffer is lost to its owner.
      const content = new Uint8Array(toBuffer(body.content))
      const whole = new Assembly()
      const request: Request = { unpack: { ...body, content } }
      let reply = await ask<PieceReply>(thread, request, unreadable, [content.buffer])
      while (reply.piece !== undefined) {
        whole.add(reply.tagged ? restored(reply.piece) : reply.piece)
        reply = await ask<PieceReply>(thread, 'next piece', unreadable)
      }
      return whole.take()
    })
  }
}

async function ask<R extends Reply>(
  thread: WorkerThread,
  request: Request,
  failed: (why: string) => Error,
  transfer: ArrayBuffer[] = [],
): Promise<R> {
  const reply = (await thread.ask(request, transfer)) as R | Failure
  if (typeof reply === 'object' && 'failure' in reply) throw failed(reply.failure)
  return reply
}

/** Returns the piece of the value for a piece of its JSON. */
function restored({ path, content }: Piece): Piece {
  return {
    path: path.map((name) => (typeof name === 'string' ? unescapeName(name) : name)),
    content: fromJson(content, path.length) as Piece['content'],
  }
}

function startWorker(): Worker {
  return new Worker(workerScript, {
    eval: true,
    name: 'cache codec',
    // The thread needs no module that the process preloads.
    execArgv: [],
  })
}

/** The threads of the process. With threads for each cache, many caches would start many threads. */
export const codecThreads: CodecThreads = new CodecThreads()
