import { onAbort, timers } from '@verbatim/cache-core/implement'
import type { CallReport } from '../model-calls/call-status.js'
import { type AnswerPart, type ModelAnswer, TRACK } from '../model-calls/model-answer.js'
import { freshIds } from '../model-calls/tool-call-ids.js'
import { ending, responseOf, toSdkPart } from './answer-parts.js'
import type { SdkPart, SpecVersion } from './sdk-types.js'
import { fromWarning } from './spec-forms.js'

/**
 * The pace of a stored answer that is streamed.
 *
 * - `'instant'`: the chunks of the stream of the model, at once.
 * - `'recorded'`: the same chunks at the times of that stream, with pauses of at most one second.
 * - `'smooth'`: chunks of a few characters at a steady pace.
 */
export type ReplayPace = 'instant' | 'recorded' | 'smooth'

const LONGEST_PAUSE_MS = 1_000
const SMOOTH_CHARACTERS = 8
const SMOOTH_PAUSE_MS = 10
/** Parts that a reader gets at once. */
const BATCH = 64

interface Timed {
  readonly part: SdkPart
  /** Milliseconds since the previous part. */
  readonly pauseMs: number
}

/** Returns a stored answer as a stream. */
export function streamOf(
  answer: ModelAnswer,
  spec: SpecVersion,
  report: CallReport,
  { pace, signal }: { readonly pace: ReplayPace; readonly signal?: AbortSignal | undefined },
): ReadableStream<SdkPart> {
  const parts = timedParts(answer, spec, report, pace)
  const pull = async (controller: ReadableStreamDefaultController<SdkPart>): Promise<void> => {
    for (let count = 0; count < BATCH; count++) {
      if (signal?.aborted) return controller.error(signal.reason)
      const { done, value } = parts.next()
      if (done === true) return controller.close()
      if (value.pauseMs > 0) {
        await pause(value.pauseMs, signal)
        if (signal?.aborted) return controller.error(signal.reason)
      }
      controller.enqueue(value.part)
      if (pace !== 'instant') return
    }
  }
  return new ReadableStream({ pull }, { highWaterMark: 0 })
}

function* timedParts(
  answer: ModelAnswer,
  spec: SpecVersion,
  report: CallReport,
  pace: ReplayPace,
): Generator<Timed, void> {
  const warnings = answer.warnings.map((warning) => fromWarning(warning, spec))
  yield { part: { type: 'stream-start', warnings }, pauseMs: 0 }
  yield { part: { type: 'response-metadata', ...responseOf(answer) }, pauseMs: 0 }
  yield* contentParts(answer, spec, pace)
  yield { part: { type: 'finish', ...ending(answer, spec, report) }, pauseMs: 0 }
}

function* contentParts(
  answer: ModelAnswer,
  spec: SpecVersion,
  pace: ReplayPace,
): Generator<Timed, void> {
  const ids = freshIds()
  const parts = answer.content.map((part) => new PartReplay(part, toSdkPart(part, spec, ids)))
  const { track } = answer
  if (track === undefined || pace === 'smooth') {
    for (const [index, part] of parts.entries()) yield* part.all(index, pace)
    return
  }
  let before = 0
  for (let at = 0; at < track.length; at += 3) {
    const index = track[at] ?? 0
    const event = track[at + 1] ?? 0
    const time = track[at + 2] ?? 0
    const pauseMs = pace === 'recorded' ? Math.min(time - before, LONGEST_PAUSE_MS) : 0
    before = time
    const part = parts[index]?.event(index, event)
    if (part !== undefined) yield { part, pauseMs }
  }
}

/** Streams one part of an answer. */
class PartReplay {
  readonly #stored: AnswerPart
  readonly #whole: SdkPart
  /** The text that is streamed in deltas; `undefined` for a part that comes at once. */
  readonly #text: string | undefined
  #position = 0

  constructor(stored: AnswerPart, whole: SdkPart) {
    this.#stored = stored
    this.#whole = whole
    if (stored.type === 'text' || stored.type === 'reasoning') this.#text = stored.text
    else if (stored.type === 'tool-call') this.#text = stored.input
  }

  /** Streams the part without a track. */
  *all(index: number, pace: ReplayPace): Generator<Timed, void> {
    const text = this.#text
    if (text !== undefined) {
      yield { part: this.event(index, TRACK.start), pauseMs: 0 }
      const step = pace === 'smooth' ? SMOOTH_CHARACTERS : text.length
      while (this.#position < text.length) {
        const end = endOfDelta(text, this.#position + step)
        const pauseMs = pace === 'smooth' ? SMOOTH_PAUSE_MS : 0
        yield { part: this.event(index, end - this.#position), pauseMs }
      }
      yield { part: this.event(index, TRACK.end), pauseMs: 0 }
    }
    if (text === undefined || this.#stored.type === 'tool-call')
      yield { part: this.#whole, pauseMs: 0 }
  }

  /** Returns the part of the stream for an event of a track. */
  event(index: number, event: number): SdkPart {
    if (event === TRACK.whole) return this.#whole
    const isInput = this.#stored.type === 'tool-call'
    const kind = isInput ? 'tool-input' : this.#stored.type
    const id = isInput ? String(this.#whole['toolCallId']) : String(index)
    if (event === TRACK.start)
      return { type: `${kind}-start`, id, ...(isInput && this.#toolFields()) }
    if (event === TRACK.end) return { type: `${kind}-end`, id, ...(!isInput && this.#metadata()) }
    const delta = (this.#text ?? '').slice(this.#position, this.#position + event)
    this.#position += event
    return { type: `${kind}-delta`, id, delta }
  }

  #toolFields(): Record<string, unknown> {
    const { toolName, providerExecuted, dynamic } = this.#whole
    return {
      toolName,
      ...(providerExecuted !== undefined && { providerExecuted }),
      ...(dynamic !== undefined && { dynamic }),
    }
  }

  #metadata(): Record<string, unknown> {
    const { providerMetadata } = this.#whole
    return providerMetadata === undefined ? {} : { providerMetadata }
  }
}

/** Returns an end that keeps surrogate pairs together. */
function endOfDelta(text: string, end: number): number {
  const last = text.charCodeAt(end - 1)
  return last >= 0xd800 && last <= 0xdbff ? end + 1 : Math.min(end, text.length)
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timers.clearTimeout(timer)
      stop?.()
      resolve()
    }
    const timer = timers.setTimeout(end, milliseconds)
    const stop = signal && onAbort(signal, end)
  })
}
