import { once } from 'node:events'
import { Agent, get, type IncomingMessage, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { AppProcess } from '../test/support/app-process.js'

// Sends hits to the service at a steady rate while a dashboard is open, and prints the durations of the requests
// and the memory of the service.

const HITS_PER_SECOND = 200
const SECONDS = Number(process.argv[2] ?? 60)
const LONGEST_P99_MS = 25
/** The service may use this much more memory at the end than after the first quarter. */
const MOST_GROWTH_MB = 20

const agent = new Agent({ keepAlive: true })
const payload = JSON.stringify({
  text: 'It rained all day, and the tent leaked.',
  operation: 'sentiment',
})

await using app = await AppProcess.start({})
await send()
const dashboard = get(`${app.address}/internal/dashboard/api/live?range=5m`)
const [live] = (await once(dashboard, 'response')) as [IncomingMessage]
let messages = 0
live.on('data', () => messages++)

const durations: number[] = []
const running: Array<Promise<void>> = []
let failures = 0
let memoryAtQuarter = 0
const startedAt = performance.now()
for (let hit = 0; hit < HITS_PER_SECOND * SECONDS; hit++) {
  const due = startedAt + (hit / HITS_PER_SECOND) * 1_000
  const early = due - performance.now()
  if (early > 0) await wait(early)
  running.push(measure(due))
  if (hit === Math.floor((HITS_PER_SECOND * SECONDS) / 4)) memoryAtQuarter = await memoryMb()
}
await Promise.all(running)
const grownMb = (await memoryMb()) - memoryAtQuarter
dashboard.destroy()

const sorted = durations.toSorted((one, other) => one - other)
const percentile = (percent: number): number =>
  sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0
console.log(
  `${sorted.length} hits in ${SECONDS} s, ${failures} failures, ${messages} messages to the dashboard`,
)
console.log(
  `p50 ${percentile(50).toFixed(2)} ms, p95 ${percentile(95).toFixed(2)} ms, p99 ${percentile(99).toFixed(2)} ms`,
)
console.log(
  `memory ${memoryAtQuarter.toFixed(0)} MB after a quarter, ${grownMb.toFixed(1)} MB more at the end`,
)
if (failures > 0 || percentile(99) > LONGEST_P99_MS || grownMb > MOST_GROWTH_MB)
  process.exitCode = 1

/** Sends a request. Counts from the time at which it was due, so that a stall counts for all that it delays. */
async function measure(due: number): Promise<void> {
  const status = await send().catch(() => 0)
  if (status === 200) durations.push(performance.now() - due)
  else failures++
}

async function send(): Promise<number | undefined> {
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(payload),
  }
  const sent = request(`${app.address}/process`, { method: 'POST', agent, headers }).end(payload)
  const [reply] = (await once(sent, 'response')) as [IncomingMessage]
  reply.resume()
  await once(reply, 'end')
  return reply.statusCode
}

/** Returns the memory of the service, which its dashboard shows. */
async function memoryMb(): Promise<number> {
  const response = await fetch(`${app.address}/internal/dashboard/api/overview?range=1m`)
  const { now } = (await response.json()) as { now: { memory: { processBytes: number } } }
  return now.memory.processBytes / 1_048_576
}
