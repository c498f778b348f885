import type { History } from './history.js'

const encoder = new TextEncoder()

/**
 * Returns a stream of server-sent events: one at once, and one after each sample.
 *
 * The stream makes a message only when its reader asks for one. A slow page therefore gets fewer and longer
 * messages, and costs no memory.
 *
 * @param message - returns the next message
 * @param ended - called once when the reader, the history or a failed message has ended the stream
 */
export function liveStream(
  history: History,
  message: () => object,
  ended: () => void,
): ReadableStream<Uint8Array> {
  const controller = new AbortController()
  let sentAt = -1
  const end = (): void => {
    controller.abort()
    ended()
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(stream) {
        if (sentAt === history.samples) await history.nextSample(controller.signal)
        if (controller.signal.aborted) return
        if (history.isClosed) {
          stream.close()
          end()
          return
        }
        sentAt = history.samples
        try {
          stream.enqueue(encoder.encode(`data: ${JSON.stringify(message())}\n\n`))
        } catch (error) {
          end()
          throw error
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}
