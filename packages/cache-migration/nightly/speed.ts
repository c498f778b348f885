/**
 * Measures the speed and the memory of backups and copies against a plain pipeline of the same commands. Starts
 * its own servers. Run it in the folder of the package after a build: `KEYS=1000000 pnpm nightly:speed`.
 */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startRedis } from '@verbatim/test-support'
import requireRedis from '@verbatim/test-support/require-redis'
import { Redis } from 'ioredis'
import { CacheMigrationManager, RedisKeyspace } from '../src/index.js'

const KEYS = Number(process.env['KEYS'] ?? 1_000_000)
const VALUE_BYTES = 100
/** Keys of one step of the plain pipeline. More were slower. */
const PIPELINE = 500

interface Figures {
  readonly seconds: number
  readonly peakMiB: number
}

interface Job {
  readonly name: string
  readonly source: string
  readonly target: string
  readonly file: string
}

/** The command as it is published. A compiler in the same process would add tens of MiB to its memory. */
const COMMAND = fileURLToPath(new URL('../bin/cache-migrate.js', import.meta.url))
/** Writes the peak of the memory to the fourth stream when the command ends. */
const REPORT_PEAK = `data:text/javascript,${encodeURIComponent(
  "import { writeSync } from 'node:fs'; process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)))",
)}`

const manager = new CacheMigrationManager()

/** Plain pipelines of the same commands of Redis. Each runs in a process of its own. */
const PIPELINES: Readonly<Record<string, (job: Job) => Promise<unknown>>> = {
  'plain pipeline: backup': async ({ source, file }) => {
    const handle = await open(`${file}.plain`, 'w')
    await plainRead(source, async (_keys, dumps) => {
      await handle.appendFile(Buffer.concat(dumps))
    })
    await handle.close()
  },
  'plain pipeline: copy': async ({ source, target }) => {
    const other = new Redis(target)
    await plainRead(source, async (keys, dumps) => {
      const pipeline = other.pipeline()
      for (const [at, key] of keys.entries()) pipeline.restore(key, 0, dumps[at] ?? '', 'ABSTTL')
      await pipeline.exec()
    })
    other.disconnect()
  },
}

/** Commands with their arguments. The figures include the start of the command. */
const COMMANDS: Readonly<Record<string, (file: string) => readonly string[]>> = {
  backup: (file) => ['backup', '--file', file, '--rate', 'unlimited'],
  'verify the file': (file) => ['verify', file],
  'copy without a journal': () => ['copy', '--no-journal', '--rate', 'unlimited'],
  'copy with a journal': (file) => ['copy', '--journal', `${file}.journal`, '--rate', 'unlimited'],
  'compare both servers': () => ['diff', '--rate', 'unlimited'],
  restore: (file) => ['restore', '--no-journal', '--file', file],
}

/** In their order: the plain pipeline directly before the command that it is compared with. */
const PHASES = [
  ...['plain pipeline: backup', 'backup', 'verify the file', 'plain pipeline: copy'],
  ...['copy without a journal', 'copy with a journal', 'compare both servers', 'restore'],
]

/** Phases that need an empty target. */
const WRITING = new Set([
  'plain pipeline: copy',
  'copy without a journal',
  'copy with a journal',
  'restore',
])

if (process.send !== undefined) {
  process.once('message', (job: Job) => void runPhase(job))
} else {
  await requireRedis()
  await main()
}

async function runPhase(job: Job): Promise<void> {
  const startedAt = performance.now()
  await PIPELINES[job.name]?.(job)
  const seconds = (performance.now() - startedAt) / 1_000
  process.send?.({ seconds, peakMiB: process.resourceUsage().maxRSS / 1_024 })
  process.disconnect()
}

async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'verbatim-speed-'))
  const [source, target] = [await startRedis(), await startRedis()]
  const [raw, rawTarget] = [new Redis(source.url), new Redis(target.url)]
  try {
    for (const keys of [KEYS / 10, KEYS]) {
      await fill(raw, keys)
      console.log(`\n${keys} keys of ${VALUE_BYTES} bytes`)
      for (const name of PHASES) {
        if (WRITING.has(name)) await rawTarget.flushall()
        await rm(path.join(folder, 'backup.journal'), { force: true })
        if (name === 'backup') await rm(path.join(folder, 'backup'), { force: true })
        const file = path.join(folder, 'backup')
        const job = { name, source: source.url, target: target.url, file }
        const { seconds, peakMiB } = await (name in PIPELINES ? inProcess(job) : asCommand(job))
        const rate = Math.round(keys / seconds)
        console.log(
          `${name.padEnd(24)} ${String(rate).padStart(8)} keys/s ${peakMiB.toFixed(0).padStart(6)} MiB`,
        )
      }
    }
    await measureLatency(raw, source.url, path.join(folder, 'gentle'))
  } finally {
    raw.disconnect()
    rawTarget.disconnect()
    await Promise.all([source.stop(), target.stop()])
    await rm(folder, { recursive: true })
  }
}

async function inProcess(job: Job): Promise<Figures> {
  const child = fork(fileURLToPath(import.meta.url))
  child.send(job)
  const [[figures]] = await Promise.all([once(child, 'message'), once(child, 'exit')])
  return figures as Figures
}

async function asCommand({ name, source, target, file }: Job): Promise<Figures> {
  const args = COMMANDS[name]?.(file) ?? []
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['--import', REPORT_PEAK, COMMAND, ...args], {
    env: {
      PATH: process.env['PATH'],
      REDIS_URL: name === 'restore' ? target : source,
      TARGET_REDIS_URL: target,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  })
  const [peak, [code]] = await Promise.all([text(child.stdio[3] as Readable), once(child, 'close')])
  if (code !== 0) throw new Error(`${name} ended with code ${code}`)
  return { seconds: (performance.now() - startedAt) / 1_000, peakMiB: Number(peak) / 1_024 }
}

/** Measures how a backup with the default rate affects another client. */
async function measureLatency(raw: Redis, url: string, file: string): Promise<void> {
  const alone = await latencyOf(raw, AbortSignal.timeout(10_000))
  const stop = new AbortController()
  await using from = new RedisKeyspace({ redisUrl: url })
  const backup = manager.createBackup(from, file, { signal: stop.signal })
  const during = await latencyOf(raw, AbortSignal.timeout(10_000))
  stop.abort()
  await backup
  console.log(
    `\np99 of another client: ${alone.toFixed(2)} ms alone, ${during.toFixed(2)} ms during a backup`,
  )
}

/** Returns the 99th percentile of the latency of GET, in milliseconds. */
async function latencyOf(raw: Redis, until: AbortSignal): Promise<number> {
  const times: number[] = []
  while (!until.aborted) {
    const startedAt = performance.now()
    await raw.get('key:1')
    times.push(performance.now() - startedAt)
    await sleep(1)
  }
  return times.toSorted((one, two) => one - two)[Math.floor(times.length * 0.99)] ?? Number.NaN
}

async function fill(raw: Redis, keys: number): Promise<void> {
  await raw.flushall()
  const step = 10_000
  for (let from = 0; from < keys; from += step) {
    const pipeline = raw.pipeline()
    for (let index = from; index < Math.min(keys, from + step); index++) {
      const value = `${index}:`.padEnd(VALUE_BYTES, `${(index * 2_654_435_761) % 2 ** 32}`)
      pipeline.set(`key:${index}`, value, 'EX', 86_400)
    }
    await pipeline.exec()
  }
}

async function plainRead(
  url: string,
  onPage: (keys: readonly Buffer[], dumps: readonly Buffer[]) => Promise<void>,
): Promise<void> {
  const raw = new Redis(url)
  let cursor = '0'
  do {
    const [next, keys] = await raw.scanBuffer(cursor, 'COUNT', PIPELINE)
    cursor = String(next)
    const pipeline = raw.pipeline()
    for (const key of keys) pipeline.dumpBuffer(key).call('PEXPIRETIME', key)
    const replies = await pipeline.exec()
    const dumps = keys.map((_key, at) => replies?.[2 * at]?.[1] as Buffer)
    await onPage(keys, dumps)
  } while (cursor !== '0')
  raw.disconnect()
}
