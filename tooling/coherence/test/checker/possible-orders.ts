import type { Operation, Read, Write } from './history.js'

const NEVER = Number.POSITIVE_INFINITY

/**
 * Returns whether a read can be explained. It tries every time at which each write could take
 * effect, and every time at which the read could look. It is for histories of very few writes at
 * integer times. At one time, writes can take effect in any order.
 */
export function isPossible(
  read: Read,
  operations: readonly Operation[],
  bound: number,
  lateWrites: number,
): boolean {
  const writes = operations.filter(
    (operation): operation is Write =>
      (operation.what === 'set' || operation.what === 'delete') && operation.start <= read.end,
  )
  const seen = writes.findIndex(
    ({ process, number }) => process === read.writer && number === read.number,
  )
  const isLater = writes.map((write) => isLaterOf(write, writes[seen], read))
  const instants = upTo(read.start - bound, read.end)
  for (const effects of combinations(writes.map((write) => effectsOf(write, read, lateWrites)))) {
    const own = effects[seen] ?? NEVER
    const isCurrent = (at: number): boolean =>
      own <= at &&
      effects.every((effect, index) => effect >= at || (effect <= own && !isLater[index]))
    if (instants.some(isCurrent)) return true
  }
  return false
}

/** Returns whether a write cannot take effect before an earlier write of the same process. */
function isLaterOf(write: Write, seen: Write | undefined, read: Read): boolean {
  return (
    seen?.process === write.process &&
    seen.number < write.number &&
    !write.unordered &&
    !seen.unordered &&
    seen.ok &&
    seen.end <= read.end &&
    write.ok
  )
}

function effectsOf(write: Write, read: Read, lateWrites: number): number[] {
  const settled = write.ok ? write.end : write.end + lateWrites
  const effects = upTo(write.start, Math.min(settled, read.end))
  return write.ok && write.end <= read.end ? effects : [...effects, NEVER]
}

function upTo(first: number, last: number): number[] {
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, index) => first + index)
}

function* combinations(choices: readonly (readonly number[])[]): Iterable<number[]> {
  const [first, ...rest] = choices
  if (first === undefined) {
    yield []
    return
  }
  for (const tail of combinations(rest)) for (const head of first) yield [head, ...tail]
}
