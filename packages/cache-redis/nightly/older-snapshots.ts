import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startRedis } from '@verbatim/test-support'
import requireRedis from '@verbatim/test-support/require-redis'
import { Redis } from 'ioredis'

// Four processes use a Redis. A snapshot is taken, one process deletes or replaces every value, and after
// some time the server is killed and restarted from the snapshot. No process may read an old value then,
// whether the process that made the changes is alive or gone.

const { values } = parseArgs({
  options: {
    ages: { type: 'string', default: '1,60' },
    keys: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '1' },
  },
})
await requireRedis()

const PROCESSES = 4
const READ_MS = 5_000
const WORKER = fileURLToPath(new URL('./snapshot-reader.ts', import.meta.url))

interface Seen {
  readonly reads: number
  readonly old: number
  readonly redis: number
  readonly firstContactMs: number | undefined
}

async function ask<T>(worker: ChildProcess, task: string, milliseconds = 0): Promise<T> {
  const reply = once(worker, 'message')
  worker.send([task, milliseconds])
  const [answer] = (await reply) as [T]
  return answer
}

async function restartFrom(ageSeconds: number, writer: 'alive' | 'gone'): Promise<number> {
  await using redis = await startRedis()
  const workers = Array.from({ length: PROCESSES }, () =>
    fork(WORKER, [redis.url, values.keys], { execArgv: ['--import', 'tsx'] }),
  )
  const [first] = workers as [ChildProcess]
  for (const worker of workers) await ask(worker, 'connect')
  await ask(first, 'fill')
  for (const worker of workers) await ask(worker, 'load')
  await sleep(1_500)
  const raw = new Redis(redis.url)
  raw.on('error', () => undefined)
  await raw.save()
  const savedAt = performance.now()
  const unconfirmed = await ask<number>(first, 'change')
  await sleep(Math.max(0, ageSeconds * 1_000 - (performance.now() - savedAt)))
  const survivors = writer === 'gone' ? workers.slice(1) : workers
  if (writer === 'gone') first.kill('SIGKILL')
  const age = (performance.now() - savedAt) / 1_000
  const answers = survivors.map((worker) => ask<Seen>(worker, 'read', READ_MS))
  await redis.crash()
  const seen = await Promise.all(answers)
  const survived = await raw.exists('snapshot:key:0')
  const old = seen.reduce((sum, each) => sum + each.old, 0)
  const reads = seen.reduce((sum, each) => sum + each.reads, 0)
  console.log(
    `snapshot ${age.toFixed(1)} s old, writer ${writer}: ${old} of ${reads} values read were old ` +
      `(${unconfirmed} changes unconfirmed, ${survived} of key 0 in the snapshot, ` +
      `first contact after ${seen.map(({ firstContactMs }) => firstContactMs).join(', ')} ms)`,
  )
  for (const worker of survivors) await ask(worker, 'stop')
  raw.disconnect()
  return old
}

let old = 0
for (let round = 0; round < Number(values.rounds); round++) {
  for (const age of values.ages.split(',').map(Number)) {
    // At the same time: an hour is an hour.
    const results = await Promise.all([restartFrom(age, 'alive'), restartFrom(age, 'gone')])
    for (const each of results) old += each
  }
}
console.log(`old values read: ${old}`)
process.exitCode = old === 0 ? 0 : 1
