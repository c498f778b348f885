import { CoherenceChecker } from './checker/coherence-checker.js'
import { FaultTimeline } from './checker/fault-timeline.js'
import { type Nanoseconds, SECOND } from './clock.js'
import { checkEvent } from './events/check-event.js'
import { type CoherenceEvent, EventBatch } from './events/event-batch.js'
import { EventMerge } from './events/event-merge.js'
import { Random } from './random.js'

const EVENTS = Number(process.argv[2] ?? 4_000_000)
const PROCESSES = 4
const KEYS = 32
const PER_BATCH = 1_024

/**
 * Returns batches like those of workers. A quarter of the operations are writes, and some of them
 * fail. A tenth of the reads return a version that was just replaced.
 */
function makeBatches(): EventBatch[] {
  const random = new Random(1)
  const numbers = new Map<number, number>()
  const batches: EventBatch[] = []
  let at: Nanoseconds = 0
  for (let made = 0; made < EVENTS; made += PER_BATCH) {
    const batch = EventBatch.withRoomFor(PER_BATCH)
    // Each process reads versions of another process, because it must respect its own writes.
    const writer = (batches.length + 1) % PROCESSES
    const written = new Set<number>()
    for (let index = 0; index < PER_BATCH; index += 5) {
      const key = random.below(KEYS)
      const number = (numbers.get(writer * KEYS + key) ?? 0) + 1
      numbers.set(writer * KEYS + key, number)
      const put = (offset: number, kind: CoherenceEvent['kind'], versionNumber = number): void => {
        if (index + offset >= PER_BATCH) return
        at += 10_000
        const start = kind === 'read' ? at - 5_000 : at
        const event = { kind, key, writer, number: versionNumber, start, end: at, ttl: 60 * SECOND }
        batch.put(index + offset, event)
      }
      put(0, 'set began')
      put(1, random.chance(0.02) ? 'write failed' : 'write succeeded')
      for (const offset of [2, 3, 4]) {
        put(offset, 'read', written.has(key) && random.chance(0.1) ? number - 1 : number)
      }
      written.add(key)
    }
    batches.push(batch)
  }
  return batches
}

const batches = makeBatches()
let violations = 0
const checker = new CoherenceChecker(
  KEYS,
  { processes: PROCESSES, lateWrites: Number.POSITIVE_INFINITY, memory: 10 * SECOND },
  new FaultTimeline({ healthy: SECOND, lost: SECOND, recovery: 0 }),
  () => violations++,
)
const merge = new EventMerge(PROCESSES, (process, event) => checkEvent(checker, process, event))
const startedAt = performance.now()
const usedBefore = process.cpuUsage()
let checked = 0
for (const [index, batch] of batches.entries()) {
  merge.add(index % PROCESSES, batch, batch.endOf(batch.length - 1))
  checked += merge.advance()
}
const { user, system } = process.cpuUsage(usedBefore)
const perSecond = (seconds: number): number => Math.round(checked / seconds)
console.log(
  `${checked} events, ${violations} violations, ` +
    `${checker.visibility.report().writes} writes with measured visibility: ` +
    `${perSecond((performance.now() - startedAt) / 1_000)}/s by the clock, ` +
    `${perSecond((user + system) / 1_000_000)}/s of processor time`,
)
