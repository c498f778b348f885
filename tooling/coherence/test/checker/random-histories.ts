import fc from 'fast-check'
import type { Load, Operation, Read, Write } from './history.js'

const PROCESSES = 3
const NEVER = Number.POSITIVE_INFINITY

interface Shape {
  readonly process: number
  /** Time since the previous operation. */
  readonly gap: number
  readonly length: number
  readonly what: 'set' | 'delete' | 'read' | 'load'
  readonly state: Exclude<Read['state'], undefined> | 'sound'
  readonly fate: 'ok' | 'failed' | 'hanging'
  readonly ttl: number
  readonly unordered: boolean
  /** Selects the version that a read returns. */
  readonly picks: number
}

const shape: fc.Arbitrary<Shape> = fc.record({
  process: fc.nat(PROCESSES - 1),
  gap: fc.nat(4),
  length: fc.oneof({ weight: 4, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.nat(40) }),
  what: fc.constantFrom('set', 'set', 'delete', 'read', 'read', 'read', 'load'),
  state: fc.constantFrom('sound', 'sound', 'sound', 'degraded', 'stalled'),
  fate: fc.constantFrom('ok', 'ok', 'ok', 'ok', 'failed', 'hanging'),
  ttl: fc.constantFrom(0, 5, 30, 1_000),
  unordered: fc.constantFrom(false, false, false, true),
  picks: fc.nat(1_000),
})

/** Generates histories, legal or not. Their reads return versions of the same history. */
export function anyHistory(maxLength: number): fc.Arbitrary<Operation[]> {
  return fc.array(shape, { maxLength, size: 'max' }).map(build)
}

function build(shapes: readonly Shape[]): Operation[] {
  const writes: Write[] = []
  const others: { readonly shape: Shape; readonly start: number }[] = []
  let start = 0
  for (const each of shapes) {
    start += each.gap
    if (each.what === 'set' || each.what === 'delete') writes.push(writeOf(each, start, writes))
    else others.push({ shape: each, start })
  }
  return [...writes, ...others.flatMap((other) => readOf(other.shape, other.start, writes))]
}

function writeOf(
  { process, what, length, fate, ttl, unordered }: Shape,
  start: number,
  writes: readonly Write[],
): Write {
  return {
    what: what === 'delete' ? 'delete' : 'set',
    process,
    number: 1 + writes.filter((write) => write.process === process).length,
    start,
    end: fate === 'hanging' ? NEVER : start + length,
    ok: fate === 'ok',
    ttl: what === 'delete' ? 0 : ttl,
    unordered,
  }
}

function readOf(
  { process, what, length, ttl, fate, picks, state }: Shape,
  start: number,
  writes: readonly Write[],
): (Read | Load)[] {
  const seen = writes[picks % Math.max(writes.length, 1)]
  if (seen === undefined) return []
  const { process: writer, number } = seen
  const end = start + length
  if (what === 'read') {
    const read: Read = { what, process, start, end, writer, number }
    return [state === 'sound' ? read : { ...read, state }]
  }
  // A version that does not exist yet cannot be loaded.
  if (seen.start > start) return []
  return [{ what: 'load', process, start, end, writer, number, ttl, ok: fate === 'ok' }]
}
