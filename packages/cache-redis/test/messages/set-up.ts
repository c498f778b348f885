import { setTimeout as sleep } from 'node:timers/promises'
import {
  type RecordedWarnings,
  type RecordingLogger,
  recordingLogger,
  recordWarnings,
} from '@verbatim/test-support'
import { afterEach, beforeEach } from 'vitest'
import { GenericRedisCache, type GenericRedisCacheOptions } from '../../src/index.js'

/** Longer than a cache waits before it reports that Redis was never reached. */
export const GRACE_MS = 1_500

/** Opens caches that are closed after the test, and records the warnings of the process. */
export class Messages {
  warnings!: RecordedWarnings
  readonly #caches: GenericRedisCache[] = []

  open(options: GenericRedisCacheOptions): GenericRedisCache {
    const cache = new GenericRedisCache(options)
    this.#caches.push(cache)
    return cache
  }

  openLogged(options: GenericRedisCacheOptions): {
    cache: GenericRedisCache
    logger: RecordingLogger
  } {
    const logger = recordingLogger()
    return { logger, cache: this.open({ name: 'sessions', logger, ...options }) }
  }

  /** Uses a cache once, waits until a loss at the start would be reported, and returns the warnings. */
  async warningsAfterUse(cache: GenericRedisCache): Promise<RecordedWarnings['all']> {
    await cache.get('key')
    await sleep(GRACE_MS + 700)
    return this.warnings.all
  }

  async end(): Promise<void> {
    this.warnings.stop()
    for (const cache of this.#caches.splice(0)) await cache.close()
  }
}

export function recordMessages(): Messages {
  const messages = new Messages()
  beforeEach(() => {
    messages.warnings = recordWarnings()
  })
  afterEach(() => messages.end())
  return messages
}
