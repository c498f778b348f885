import type { ViolationKind } from '../../src/checker/violation.js'
import type { Load, Operation, Read, Rules, Write } from './history.js'

/**
 * Defines a legal read as simply as possible, in quadratic time. Tests compare the checker with it.
 */
export function verdictOn(
  read: Read,
  operations: readonly Operation[],
  { bound, lateWrites }: Rules,
): ViolationKind | undefined {
  const writes = operations.filter(
    (operation): operation is Write => operation.what === 'set' || operation.what === 'delete',
  )
  const version = writes.find(
    ({ process, number, start }) =>
      process === read.writer && number === read.number && start <= read.end,
  )
  if (version === undefined) return 'never-written'
  const replacedSince = (binding: readonly Write[]): number =>
    Math.min(
      ...binding
        .filter((write) => follows(write, version, read, lateWrites))
        .map((write) => write.end),
    )
  const acknowledged = writes.filter(({ ok, end }) => ok && end <= read.end)
  const isStale = read.start - replacedSince(acknowledged) > bound
  if (isStale && read.state !== 'degraded') return 'stale'
  const own = writes.filter(({ process, end }) => process === read.process && end <= read.end)
  if (read.start > replacedSince(own)) return 'own-write'
  if (read.state === 'degraded') return undefined
  return read.start - cachedUntil(version, operations, read, lateWrites) > bound
    ? 'expired'
    : undefined
}

export function settledAt({ ok, end }: Write, lateWrites: number): number {
  return ok ? end : end + lateWrites
}

function follows(write: Write, version: Write, read: Read, lateWrites: number): boolean {
  if (write.start > settledAt(version, lateWrites)) return true
  const isLaterOfSameProcess =
    write.process === version.process &&
    write.number > version.number &&
    !write.unordered &&
    !version.unordered
  return isLaterOfSameProcess && version.ok && version.end <= read.end
}

function cachedUntil(
  version: Write,
  operations: readonly Operation[],
  read: Read,
  lateWrites: number,
): number {
  const loads = operations.filter(
    (operation): operation is Load =>
      operation.what === 'load' &&
      operation.writer === version.process &&
      operation.number === version.number &&
      operation.start <= read.end,
  )
  const isInFlight = [version, ...loads].some(({ end }) => end > read.end)
  if (isInFlight) return Number.POSITIVE_INFINITY
  const stored = loads.map(({ ok, end, ttl }) => (ok ? end : end + lateWrites) + ttl)
  return Math.max(settledAt(version, lateWrites) + version.ttl, ...stored)
}
