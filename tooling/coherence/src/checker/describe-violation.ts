import { MILLISECOND, type Nanoseconds, SECOND } from '../clock.js'
import type { FaultWindow } from './fault-timeline.js'
import type { Version, VersionId } from './version.js'
import type { Violation } from './violation.js'

/**
 * Returns the operations that prove a violation, one per line, in milliseconds since the start of
 * the read.
 */
export function describeViolation(violation: Violation): string {
  const { read, version, replacedBy, inFlight, faults } = violation
  const since = (at: Nanoseconds): string => relative(at - read.start)
  const lines = [
    ...writeLines(version, since),
    ...loadLines(version, since),
    ...writeLines(replacedBy, since),
    ...inFlight.flatMap((write) => (write === version ? [] : writeLines(write, since))),
    {
      at: read.start,
      text: `${since(read.start)} .. ${since(read.end)}  process ${read.process} reads ${idOf(read.versionId)}`,
    },
  ].toSorted((left, right) => left.at - right.at)
  return [
    headline(violation),
    ...lines.map(({ text }) => `  ${text}`),
    ...faults.map((fault) => `  fault: ${faultLine(fault, since)}`),
    ...(faults.length === 0 ? ['  fault: none'] : []),
  ].join('\n')
}

interface Line {
  readonly at: Nanoseconds
  readonly text: string
}

type Since = (at: Nanoseconds) => string

function headline({ kind, read, staleness, bound }: Violation): string {
  const when = `${(read.start / SECOND).toFixed(3)} s into the run`
  const where = `process ${read.process}, key ${read.key}, ${when}`
  const late = `${(staleness / MILLISECOND).toFixed(3)} ms`
  const permitted = `${bound / MILLISECOND} ms permitted`
  switch (kind) {
    case 'stale':
      return staleness === Number.POSITIVE_INFINITY
        ? `stale read: ${where}: ${idOf(read.versionId)} was replaced before the remembered history`
        : `stale read: ${where}: replaced ${late} before its start; ${permitted}`
    case 'own-write':
      return `own write ignored: ${where}: the process had replaced the value ${late} before`
    case 'expired':
      return `expired value read: ${where}: its TTL ended ${late} before; ${permitted}`
    case 'never-written':
      return `unknown value read: ${where}: no process had started to write ${idOf(read.versionId)}`
    default:
      return `foreign value read: ${where}: ${idOf(read.versionId)} belongs to another key`
  }
}

function writeLines(version: Version | undefined, since: Since): Line[] {
  if (version === undefined) return []
  const { begin, end, kind, writer, outcome } = version
  const did = kind === 'set' ? 'sets' : 'deletes the key, which creates'
  const became = outcome === 'ok' ? 'acknowledged' : outcome
  const text = `${since(begin)} .. ${since(end)}  process ${writer} ${did} ${idOf(version)}: ${became}`
  return [{ at: begin, text }]
}

function loadLines(version: Version | undefined, since: Since): Line[] {
  const load = version?.loads?.last
  if (version === undefined || load === undefined) return []
  const text = `${since(load.start)} .. ${since(load.end)}  process ${load.process} loads ${idOf(version)}`
  return [{ at: load.start, text }]
}

function faultLine({ name, process, begin, end }: FaultWindow, since: Since): string {
  const where = process === undefined ? '' : ` (process ${process})`
  return `${name}${where}, ${since(begin)} .. ${since(end)}`
}

function relative(span: Nanoseconds): string {
  if (span === Number.POSITIVE_INFINITY) return '...'.padStart(11)
  return (span / MILLISECOND).toFixed(3).padStart(11)
}

function idOf({ writer, number }: VersionId): string {
  return `version ${writer}#${number}`
}
