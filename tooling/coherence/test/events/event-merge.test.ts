import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CoherenceEvent, EVENT_KINDS, EventBatch } from '../../src/events/event-batch.js'
import { EventLog } from '../../src/events/event-log.js'
import { EventMerge } from '../../src/events/event-merge.js'

const PROCESSES = 3

const event: fc.Arbitrary<CoherenceEvent> = fc.record({
  kind: fc.constantFrom(...EVENT_KINDS),
  key: fc.nat(65_535),
  writer: fc.nat(255),
  number: fc.nat(2 ** 32 - 1),
  start: fc.double({ noNaN: true }),
  end: fc.nat(10_000),
  ttl: fc.constantFrom(0, 1e9, Number.POSITIVE_INFINITY),
})

test('a batch returns the events that were logged', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 3_000, size: 'max' }), (events) => {
      const sent: EventBatch[] = []
      const log = new EventLog((bytes) => sent.push(new EventBatch(new Uint8Array(bytes))))
      for (const each of events) log.add(each)
      log.flush()
      const read = sent.flatMap((batch) =>
        Array.from({ length: batch.length }, (_, index) => batch.at(index)),
      )
      expect(read).toEqual(events)
    }),
    { numRuns: 20 },
  )
})

describe('several logs', () => {
  /** The events of each process in their order, passed on in pieces. */
  const logs = fc.array(fc.array(event, { maxLength: 60 }), {
    minLength: PROCESSES,
    maxLength: PROCESSES,
  })

  test('are merged completely into one order, none too early', () => {
    fc.assert(
      fc.property(logs, fc.array(fc.nat(), { maxLength: 100 }), (unordered, turns) => {
        const sources = unordered.map((log) => log.toSorted((left, right) => left.end - right.end))
        const seen: { process: number; event: CoherenceEvent }[] = []
        const merge = new EventMerge(PROCESSES, (process, each) =>
          seen.push({ process, event: each }),
        )
        const complete = sources.map(() => 0)
        const left = sources.map((log) => [...log])
        for (const turn of turns) {
          const process = turn % PROCESSES
          const piece = left[process]?.splice(0, 1 + (turn % 7)) ?? []
          complete[process] = piece.at(-1)?.end ?? complete[process] ?? 0
          merge.add(process, batchOf(piece), complete[process])
          merge.advance()
          const until = Math.min(...complete)
          expect(seen.every((each) => each.event.end <= until)).toBe(true)
        }
        for (const [process, piece] of left.entries()) {
          merge.add(process, batchOf(piece), Number.POSITIVE_INFINITY)
        }
        merge.advance()
        const ends = seen.map((each) => each.event.end)
        expect(ends).toEqual(ends.toSorted((first, second) => first - second))
        for (const [process, log] of sources.entries()) {
          const own = seen.filter((each) => each.process === process).map((each) => each.event)
          expect(own).toEqual(log)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('do not wait for a process that has ended', () => {
    const seen: number[] = []
    const merge = new EventMerge(2, (_process, { end }) => seen.push(end))
    const [sample] = fc.sample(event, 1)
    merge.add(0, batchOf([{ ...(sample as CoherenceEvent), end: 5 }]), 5)
    expect(merge.advance()).toBe(0)
    merge.close(1)
    expect(merge.advance()).toBe(1)
    expect(seen).toEqual([5])
  })

  test('wait for a process that has replaced another one', () => {
    const seen: number[] = []
    const merge = new EventMerge(2, (_process, { end }) => seen.push(end))
    const [sample] = fc.sample(event, 1)
    const at = (end: number): EventBatch => batchOf([{ ...(sample as CoherenceEvent), end }])
    merge.close(1)
    merge.open(1, 6)
    merge.add(0, at(8), 8)
    expect(merge.advance()).toBe(0)
    merge.add(1, at(7), 9)
    expect(merge.advance()).toBe(2)
    expect(seen).toEqual([7, 8])
  })
})

function batchOf(events: readonly CoherenceEvent[]): EventBatch {
  const batch = EventBatch.withRoomFor(events.length)
  for (const [index, each] of events.entries()) batch.put(index, each)
  return batch
}
