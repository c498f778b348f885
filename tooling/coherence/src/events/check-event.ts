import type { CoherenceChecker } from '../checker/coherence-checker.js'
import type { CoherenceEvent } from './event-batch.js'

/** Passes an event of a process to the checker. */
export function checkEvent(
  checker: CoherenceChecker,
  process: number,
  event: CoherenceEvent,
): void {
  const { kind, key, start, end, ttl } = event
  switch (kind) {
    case 'set began':
      return checker.writeBegan(key, event, 'set', end, ttl)
    case 'delete began':
      return checker.writeBegan(key, event, 'delete', end, 0)
    case 'unordered set began':
      return checker.writeBegan(key, event, 'set', end, ttl, false)
    case 'unordered delete began':
      return checker.writeBegan(key, event, 'delete', end, 0, false)
    case 'process ended':
      return checker.processEnded(process, end)
    case 'write succeeded':
      return checker.writeEnded(key, event, end, true)
    case 'write failed':
      return checker.writeEnded(key, event, end, false)
    case 'load began':
      return checker.loadBegan(key, event)
    case 'load stored':
    case 'load failed':
      return checker.loadEnded(key, event, { process, start, end }, ttl, kind === 'load stored')
    case 'read':
      return checker.read({ process, key, start, end, versionId: event })
    case 'stalled read':
      return checker.stalledRead({ process, key, start, end, versionId: event })
    case 'degraded read':
      return checker.degradedRead({ process, key, start, end, versionId: event })
    default:
      return checker.foreignRead({ process, key, start, end, versionId: event })
  }
}
