/**
 * Measures the speed and the memory of backups and copies against a plain pipeline of the same commands. Starts
 * its own servers. Run it in the folder of the package after a build: `KEYS=1000000 pnpm nightly:speed`.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
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

const manager = new CacheMigrationManager()

/** Each runs in a process of its own, so that its memory can be measured. */
const PHASES: Readonly<Record<string, (job: Job) => Promise<unknown>>> = {
  'plain pipeline: backup': async ({ source, file }) => {
    const handle = await open(`${file}.plain`, 'w')
    await plainRead(source, async (_keys, dumps) => {
      await handle.appendFile(Buffer.concat(dumps))
    })
    await handle.close()
  },
  backup: async ({ source, file }) => {
    await using from = new RedisKeyspace({ redisUrl: source })
    return checked(await manager.createBackup(from, file, { rate: 'unlimited' }))
  },
  'verify the file': async ({ file }) => checked(await manager.verifyBackup(file)),
  'plain pipeline: copy': async ({ source, target }) => {
    const other = new Redis(target)
    await plainRead(source, async (keys, dumps) => {
      const pipeline = other.pipeline()
      for (const [at, key] of keys.entries()) pipeline.restore(key, 0, dumps[at] ?? '', 'ABSTTL')
      await pipeline.exec()
    })
    other.disconnect()
  },
  'copy without a journal': async ({ source, target }) => {
    await using from = new RedisKeyspace({ redisUrl: source })
    await using to = new RedisKeyspace({ redisUrl: target })
    return checked(await manager.migrate(from, to, { rate: 'unlimited' }))
  },
  'copy with a journal': async ({ source, target, file }) => {
    await using from = new RedisKeyspace({ redisUrl: source })
    await using to = new RedisKeyspace({ redisUrl: target })
    const journal = `${file}.journal`
    return checked(await manager.migrate(from, to, { rate: 'unlimited', journal }))
  },
  'compare both servers': async ({ source, target }) => {
    await using from = new RedisKeyspace({ redisUrl: source })
    await using to = new RedisKeyspace({ redisUrl: target })
    return checked(await manager.validateDataConsistency(from, to, { rate: 'unlimited' }))
  },
  restore: async ({ target, file }) => {
    await using to = new RedisKeyspace({ redisUrl: target })
    return checked(await manager.restoreBackup(file, to))
  },
}

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
  await PHASES[job.name]?.(job)
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
      for (const name of Object.keys(PHASES)) {
        if (WRITING.has(name)) await rawTarget.flushall()
        await rm(path.join(folder, 'backup.journal'), { force: true })
        if (name === 'backup') await rm(path.join(folder, 'backup'), { force: true })
        const file = path.join(folder, 'backup')
        const { seconds, peakMiB } = await inProcess({
          name,
          source: source.url,
          target: target.url,
          file,
        })
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

function checked<T extends { readonly success: boolean; readonly errors: readonly string[] }>(
  result: T,
): T {
  if (!result.success) throw new Error(result.errors.join('; '))
  return result
}
