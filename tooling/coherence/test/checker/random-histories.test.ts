import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verdictOn } from './definition.js'
import { type Operation, type Read, type Rules, violationsIn } from './history.js'
import { isPossible } from './possible-orders.js'
import { anyHistory } from './random-histories.js'
import { legalHistory } from './simulated-register.js'

/** Trying all orders of more writes would take too long. */
const MOST_TRIED = 3

const RULES: readonly Rules[] = [
  { processes: 3, bound: 0, lateWrites: Number.POSITIVE_INFINITY },
  { processes: 3, bound: 5, lateWrites: Number.POSITIVE_INFINITY },
  { processes: 3, bound: 5, lateWrites: 0 },
  { processes: 3, bound: 3, lateWrites: 12 },
]

describe.each(RULES)('with a bound of $bound and writes up to $lateWrites late', (rules) => {
  test('the checker agrees with the definition about every read', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(anyHistory(40), (operations) => {
        const expected = readsOf(operations)
          .map((read) => label(read, verdictOn(read, operations, rules)))
          .filter((verdict) => !verdict.endsWith('legal'))
        const found = violationsIn(operations, rules).map(({ read, kind }) =>
          label({ ...read, writer: read.versionId.writer, number: read.versionId.number }, kind),
        )
        for (const verdict of expected) seen.add(verdict.split(' ').at(-1) ?? '')
        expect(found.toSorted()).toEqual(expected.toSorted())
      }),
      { numRuns: 2_000 },
    )
    expect([...seen].toSorted()).toEqual(['expired', 'never-written', 'own-write', 'stale'])
  })

  test('the definition calls exactly those reads stale that no order of effects explains', () => {
    let impossible = 0
    fc.assert(
      fc.property(anyHistory(9), (operations) => {
        if (writesOf(operations).length > MOST_TRIED) return
        for (const read of [
          ...readsOf(operations)
            .filter(({ state }) => state !== 'degraded')
            .slice(0, 2),
          ...readsAtTheEnd(operations, rules),
        ]) {
          const verdict = verdictOn(read, operations, rules)
          if (verdict === 'never-written') continue
          const possible = isPossible(read, operations, rules.bound, rules.lateWrites)
          if (!possible) impossible++
          expect(verdict === 'stale').toBe(!possible)
        }
      }),
      { numRuns: 2_000 },
    )
    expect(impossible).toBeGreaterThan(200)
  })

  test('the reads of a register that is late by at most the bound are legal', () => {
    let reads = 0
    fc.assert(
      fc.property(legalHistory(rules, 150), (operations) => {
        reads += readsOf(operations).length
        expect(violationsIn(operations, rules)).toEqual([])
      }),
      { numRuns: 250 },
    )
    expect(reads).toBeGreaterThan(2_500)
  })

  test('the checker finds exactly the one stale read among legal ones', () => {
    let planted = 0
    fc.assert(
      fc.property(legalHistory(rules, 150), fc.nat(), (operations, choice) => {
        const candidates = staleReads(operations, rules)
        const plant = candidates[choice % Math.max(candidates.length, 1)]
        if (plant === undefined) return
        planted++
        const found = violationsIn([...operations, plant], rules)
        expect(found.map(({ kind }) => kind)).toEqual(['stale'])
        expect(found[0]?.read).toMatchObject({ start: plant.start, process: plant.process })
      }),
      { numRuns: 250 },
    )
    expect(planted).toBeGreaterThan(150)
  })
})

function readsOf(operations: readonly Operation[]): Read[] {
  return operations.filter((operation): operation is Read => operation.what === 'read')
}

function label(
  { process, start, end, writer, number }: Omit<Read, 'what'>,
  verdict = 'legal',
): string {
  return `${process} ${start}..${end} ${writer}#${number} ${verdict}`
}

function writesOf(operations: readonly Operation[]): Operation[] {
  return operations.filter(({ what }) => what === 'set' || what === 'delete')
}

/** Returns a time after all operations and the bound. */
function endOf(operations: readonly Operation[], { bound }: Rules): number {
  const ends = writesOf(operations).map(({ end }) => (end < Number.POSITIVE_INFINITY ? end : 0))
  return Math.max(0, ...ends) + bound + 1
}

/** Returns a read of each version after all operations. */
function readsAtTheEnd(operations: readonly Operation[], rules: Rules): Read[] {
  const start = endOf(operations, rules)
  return writesOf(operations).map(({ process: writer, number }) => ({
    what: 'read',
    process: 2,
    start,
    end: start,
    writer,
    number,
  }))
}

/** Returns, for each replaced version, a read of it directly after the bound. */
function staleReads(operations: readonly Operation[], rules: Rules): Read[] {
  return readsAtTheEnd(operations, rules).flatMap((read) => {
    const at = (start: number): Read => ({ ...read, start, end: start })
    const isStale = (start: number): boolean => verdictOn(at(start), operations, rules) === 'stale'
    if (!isStale(read.start)) return []
    // A stale version stays stale, so a binary search finds the first such time.
    let [legal, stale] = [-1, read.start]
    while (stale - legal > 1) {
      const middle = Math.floor((legal + stale) / 2)
      if (isStale(middle)) stale = middle
      else legal = middle
    }
    return [at(stale)]
  })
}
