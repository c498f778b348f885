import type { CacheInterface, Clock } from '@verbatim/cache-core'
import { fromMilliseconds } from '@verbatim/cache-core/implement'
import { Failures } from './failures.js'
import { assertNotInterrupted } from './file/atomic-file.js'
import { type BackupEntry, remainingMs } from './file/backup.js'
import { type OnProgress, ProgressCounter } from './progress.js'

/** A cache whose entries can be listed. */
export type MigrationSource = Pick<CacheInterface, 'inspect'>

/** A cache that accepts entries. */
export type MigrationTarget = Pick<CacheInterface, 'add' | 'set' | 'exists'>

/** The checked options of writing into a cache. */
export interface WriteSettings {
  readonly conflict: 'skip' | 'replace'
  readonly dryRun: boolean
  readonly signal: AbortSignal | undefined
  readonly chunkSize: number
  /** Largest number of concurrent writes. More could exceed the command timeout of Redis. */
  readonly concurrency: number
  readonly onProgress: OnProgress | undefined
  readonly clock: Clock
}

/** Writes entries into a cache and counts the outcomes. */
export class EntryWriter {
  readonly failures: Failures = new Failures()
  restored = 0
  skipped = 0
  expired = 0
  chunks = 0
  readonly progress: ProgressCounter
  readonly #target: MigrationTarget
  readonly #settings: WriteSettings

  constructor(target: MigrationTarget, settings: WriteSettings) {
    this.#target = target
    this.#settings = settings
    this.progress = new ProgressCounter(settings.onProgress)
  }

  async writeAll(entries: AsyncIterable<BackupEntry>): Promise<void> {
    const { chunkSize, concurrency, signal } = this.#settings
    for await (const chunk of chunksOf(entries, chunkSize)) {
      this.chunks++
      for (let from = 0; from < chunk.length; from += concurrency) {
        assertNotInterrupted(signal)
        const some = chunk.slice(from, from + concurrency)
        await Promise.all(some.map((entry) => this.#write(entry)))
        this.progress.add(some.length)
      }
    }
  }

  async #write(entry: BackupEntry): Promise<void> {
    const { key, value } = entry
    const remaining = remainingMs(entry, this.#settings.clock)
    if (remaining <= 0) {
      this.expired++
      return
    }
    try {
      const ttl = fromMilliseconds(remaining)
      if (this.#settings.dryRun) {
        const isSkipped = this.#settings.conflict === 'skip' && (await this.#target.exists(key))
        if (isSkipped) this.skipped++
        else this.restored++
        return
      }
      if (this.#settings.conflict === 'replace') await this.#target.set(key, value, ttl)
      else if (!(await this.#target.add(key, value, ttl))) {
        this.skipped++
        return
      }
      this.restored++
    } catch (error) {
      this.failures.add(key, error)
    }
  }
}

/** Groups items into lists of `size`. The last list can be shorter. */
async function* chunksOf<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[]> {
  let chunk: T[] = []
  for await (const item of items) {
    chunk.push(item)
    if (chunk.length < size) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
