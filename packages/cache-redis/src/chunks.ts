import { types } from 'node:util'
import { invalidArgument, timers } from '@verbatim/cache-core/implement'

/** The longest time that the chunks of one turn of the event loop take, in milliseconds. */
const TURN_MS = 8

/**
 * Works through items in chunks, in their order, with a limited number of chunks in flight. Other work of the
 * event loop runs in between.
 *
 * @param work - starts with a chunk before it returns; its error ends the whole
 */
export async function inChunks<T>(
  items: readonly T[],
  size: number,
  mostInFlight: number,
  work: (chunk: readonly T[]) => Promise<void>,
): Promise<void> {
  if (items.length <= size) {
    if (items.length > 0) await work(items)
    return
  }
  const inFlight = new Set<Promise<void>>()
  let turnStartedAt = timers.now()
  for (let start = 0; start < items.length; start += size) {
    const done = work(items.slice(start, start + size)).finally(() => inFlight.delete(done))
    // Awaited below. Until then a rejection must not count as unhandled.
    done.catch(() => undefined)
    inFlight.add(done)
    if (inFlight.size >= mostInFlight) await Promise.race(inFlight)
    if (timers.now() - turnStartedAt < TURN_MS) continue
    await nextTurn()
    turnStartedAt = timers.now()
  }
  await Promise.all(inFlight)
}

/** Calls a function for each item of a long list, over several turns of the event loop. */
export async function forAll<T>(
  items: readonly T[],
  use: (item: T, index: number) => void,
): Promise<void> {
  let turnStartedAt = timers.now()
  for (let index = 0; index < items.length; index++) {
    use(items[index] as T, index)
    if (index % 64 < 63 || timers.now() - turnStartedAt < TURN_MS) continue
    await nextTurn()
    turnStartedAt = timers.now()
  }
}

/**
 * Returns what `make` returns for each item of an iterable. A long iterable is read over several turns. Later
 * changes of an array's length have no effect.
 *
 * @param make - called with an item before the iterable is asked for the next one
 * @throws ValidationError (`INVALID_ARGUMENT`) for a `Map` or `Set` whose size changes between turns
 */
export async function collect<T, Made>(
  items: Iterable<T>,
  make: (item: T, index: number) => Made,
): Promise<readonly Made[]> {
  const size = sizeOf(items)
  const all: Made[] = []
  let turnStartedAt = timers.now()
  for (const item of Array.isArray(items) ? items.slice() : items) {
    all.push(make(item, all.length))
    if (all.length % 64 > 0 || timers.now() - turnStartedAt < TURN_MS) continue
    await nextTurn()
    if (sizeOf(items) !== size) {
      throw invalidArgument(
        'entries',
        'an iterable that keeps its size until the call resolves',
        items,
        {
          received: 'another size',
        },
      )
    }
    turnStartedAt = timers.now()
  }
  return all
}

function sizeOf(items: unknown): number | undefined {
  return types.isMap(items) || types.isSet(items) ? items.size : undefined
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    timers.setImmediate(resolve)
  })
}
