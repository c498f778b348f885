import { Worker } from 'node:worker_threads'
import {
  type Body,
  type CompressionSettings,
  type PackedBody,
  pack,
  toBuffer,
  unpack,
} from './body.js'
import { codecFailed, unreadable } from './codec-errors.js'
import type { Failure, PackReply, PieceReply, Reply, Request } from './codec-worker.js'
import { fromJson } from './from-json.js'
import { unescapeName } from './json.js'
import { Assembly, cut, type Piece } from './pieces.js'
import { decodeTaggedJson } from './tagged-json.js'
import type { JsonTree } from './to-json.js'
import { WorkerPool } from './worker-pool.js'
import { workerProgram } from './worker-program.js'
import type { WorkerThread } from './worker-thread.js'

/** Of JSON that waits for a thread. Where so many do, one more is refused. */
const MOST_WAITING_BYTES = 256 * 1_024 * 1_024

/** Converts large values in worker threads, so that the event loop goes on meanwhile. */
export class CodecThreads {
  readonly #pool: WorkerPool
  #waitingBytes = 0

  constructor(start: () => Worker = startWorker) {
    this.#pool = new WorkerPool(start)
  }

  /** @throws SerializationError (`CODEC_FAILED`) when too much is waiting, or the thread ended */
  async pack({ json, likelyBytes }: JsonTree, settings: CompressionSettings): Promise<PackedBody> {
    if (this.#waitingBytes >= MOST_WAITING_BYTES) {
      throw codecFailed('too many large values are waiting already')
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

  /** @throws SerializationError when the body is not one that was packed, or the thread ended */
  async unpack(body: Body): Promise<unknown> {
    return this.#pool.run(async (thread) => {
      if (thread === undefined) return decodeTaggedJson(await unpack(body))
      // A copy, since what is handed over is lost to its owner.
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

/** The same piece of the value that JSON stands for. */
function restored({ path, content }: Piece): Piece {
  return {
    path: path.map((name) => (typeof name === 'string' ? unescapeName(name) : name)),
    content: fromJson(content, path.length) as Piece['content'],
  }
}

function startWorker(): Worker {
  return new Worker(workerProgram, {
    eval: true,
    name: 'cache codec',
    // Nothing that the process preloads is of use there.
    execArgv: [],
  })
}

/** Those of the process: were they each cache's own, many caches would start many threads. */
export const codecThreads: CodecThreads = new CodecThreads()
