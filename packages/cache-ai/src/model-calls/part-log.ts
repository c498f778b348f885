import { CacheError } from '@verbatim/cache-core'

/** Parts that a reader takes from the log at once. */
const BATCH = 64

/**
 * The parts of a running stream. Each reader gets all of them from the first: those of the past at once, and
 * then the others as they come. Readers have positions in one log, so a slow reader takes no memory of its own.
 *
 * Beyond `maxBytes` the log forgets parts that all readers have read. It then waits for the fastest reader, and
 * a reader that is more than `maxBytes` behind fails, so that it neither stops the others nor fills the memory.
 */
export class PartLog<Part> {
  readonly #parts: Part[] = []
  readonly #sizes: number[] = []
  readonly #readers = new Set<LogReader>()
  readonly #maxBytes: number
  readonly #sizeOf: (part: Part) => number
  /** Number of parts that the log has forgotten. */
  #forgotten = 0
  #bytes = 0
  #isComplete = true
  #end: { readonly error?: unknown } | undefined
  #resume: (() => void) | undefined

  constructor(maxBytes: number, sizeOf: (part: Part) => number) {
    this.#maxBytes = maxBytes
    this.#sizeOf = sizeOf
  }

  /** Whether a new reader would get every part. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /**
   * Adds a part.
   *
   * @returns a promise to wait for before the next part, if the readers cannot follow
   */
  add(part: Part): Promise<void> | undefined {
    const size = this.#sizeOf(part)
    this.#parts.push(part)
    this.#sizes.push(size)
    this.#bytes += size
    if (this.#bytes > this.#maxBytes) this.#shrink()
    for (const reader of this.#readers) reader.wake()
    if (this.#bytes <= this.#maxBytes || this.#readers.size === 0) return undefined
    return new Promise((resolve) => {
      this.#resume = resolve
    })
  }

  /** Ends the log, with an error for all readers if there is one. */
  end(error?: unknown): void {
    this.#end = error === undefined ? {} : { error }
    for (const reader of this.#readers) reader.wake()
  }

  /**
   * Returns a stream of all parts.
   *
   * @param map - returns the part for this reader
   * @param onLeave - called when the reader cancels the stream
   */
  stream<Mapped>(map: (part: Part) => Mapped, onLeave: () => void): ReadableStream<Mapped> {
    const reader = new LogReader()
    this.#readers.add(reader)
    const pull = async (controller: ReadableStreamDefaultController<Mapped>): Promise<void> => {
      while (!reader.isLeaving && reader.error === undefined) {
        const start = reader.position - this.#forgotten
        const batch = this.#parts.slice(start, start + BATCH)
        if (batch.length > 0) {
          for (const part of batch) controller.enqueue(map(part))
          this.#advance(reader, batch.length)
          return
        }
        if (this.#end !== undefined) {
          this.#remove(reader)
          if ('error' in this.#end) controller.error(this.#end.error)
          else controller.close()
          return
        }
        await reader.wait()
      }
      if (reader.error !== undefined) controller.error(reader.error)
    }
    const cancel = (): void => {
      reader.leave()
      this.#remove(reader)
      onLeave()
    }
    return new ReadableStream<Mapped>({ pull, cancel }, { highWaterMark: 0 })
  }

  #advance(reader: LogReader, count: number): void {
    reader.position += count
    if (this.#bytes <= this.#maxBytes) return
    this.#shrink()
    this.#resume?.()
  }

  #remove(reader: LogReader): void {
    this.#readers.delete(reader)
    if (this.#bytes > this.#maxBytes) this.#shrink()
    this.#resume?.()
  }

  /** Forgets the parts that all readers have read, and fails readers that are too far behind the fastest. */
  #shrink(): void {
    this.#isComplete = false
    const positions = [...this.#readers].map(({ position }) => position)
    const end = this.#forgotten + this.#parts.length
    const fastest = positions.length === 0 ? end : Math.max(...positions)
    const unread = this.#bytesFrom(fastest)
    for (const reader of this.#readers) {
      if (this.#bytesFrom(reader.position) - unread <= this.#maxBytes) continue
      reader.fail(tooSlow(this.#maxBytes))
      this.#readers.delete(reader)
    }
    const slowest = Math.min(fastest, ...[...this.#readers].map(({ position }) => position))
    const count = slowest - this.#forgotten
    this.#parts.splice(0, count)
    for (const size of this.#sizes.splice(0, count)) this.#bytes -= size
    this.#forgotten = slowest
  }

  #bytesFrom(position: number): number {
    let bytes = 0
    for (let index = position - this.#forgotten; index < this.#sizes.length; index++)
      bytes += this.#sizes[index] ?? 0
    return bytes
  }
}

class LogReader {
  position = 0
  isLeaving = false
  error: CacheError | undefined
  #wake: (() => void) | undefined

  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  leave(): void {
    this.isLeaving = true
    this.wake()
  }

  fail(error: CacheError): void {
    this.error = error
    this.wake()
  }
}

function tooSlow(maxBytes: number): CacheError {
  return new CacheError(`the reader is more than ${maxBytes} bytes behind the other readers`, {
    code: 'READER_TOO_SLOW',
    context: { maxBytes },
  })
}
