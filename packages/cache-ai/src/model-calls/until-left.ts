import { onAbort } from '@verbatim/cache-core/implement'

/**
 * Returns a stream that fails with the reason of the signal of its reader. The stream behind it is cancelled
 * then, as if the reader had cancelled it.
 */
export function untilLeft<Part>(
  stream: ReadableStream<Part>,
  signal: AbortSignal | undefined,
): ReadableStream<Part> {
  if (signal === undefined) return stream
  const reader = stream.getReader()
  let stop: (() => void) | undefined
  return new ReadableStream<Part>(
    {
      start(controller) {
        stop = onAbort(signal, () => {
          // A stream that has failed rejects the call.
          reader.cancel(signal.reason).catch(() => undefined)
          controller.error(signal.reason)
        })
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (signal.aborted) return
          if (!done) return controller.enqueue(value)
          controller.close()
        } catch (error) {
          controller.error(error)
        }
        stop?.()
      },
      cancel(reason) {
        stop?.()
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
