import { type CacheError, escapeGlob } from '@verbatim/cache-core'
import {
  LONG_TTL_MS,
  type Reporter,
  reportFailedRefresh,
  reportLongTtl,
  reportNotStored,
} from '@verbatim/cache-core/implement'

/** Reports what callers may have meant otherwise, and what they cannot see. */
export class CacheMessages {
  readonly #reporter: Reporter
  readonly #keyPrefix: string

  constructor({ reporter, keyPrefix }: { reporter: Reporter; keyPrefix: string }) {
    this.#reporter = reporter
    this.#keyPrefix = keyPrefix
  }

  /** Reports a TTL that is longer than a year. */
  checkTtl(ttlMs: number): void {
    if (ttlMs > LONG_TTL_MS) reportLongTtl(this.#reporter, ttlMs)
  }

  refreshFailed(error: unknown): void {
    reportFailedRefresh(this.#reporter, error)
  }

  notStored(error: CacheError): void {
    reportNotStored(this.#reporter, error)
  }

  patternMatchedNothing(pattern: string): void {
    const message = 'An invalidation by pattern matched no entry.'
    if (!pattern.startsWith(this.#keyPrefix) && !pattern.startsWith(escapeGlob(this.#keyPrefix))) {
      this.#reporter.log('debug', message)
      return
    }
    const hint = 'Patterns match keys as get takes them: leave the key prefix out of the pattern.'
    this.#reporter.notifyOnce('warn', 'VERBATIM_PATTERN_WITH_PREFIX', `${message} ${hint}`)
  }

  tagsMatchedNothing(): void {
    this.#reporter.log('debug', 'An invalidation by tags matched no entry.')
  }
}
