import { type CacheError, escapeGlob, type InfrastructureError } from '@verbatim/cache-core'
import {
  LONG_TTL_MS,
  type Reporter,
  reportFailedRefresh,
  reportLongTtl,
  reportNotStored,
} from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import type { ForeignReason } from '../codec/stored-line.js'
import type { RedisClient } from '../connection/clients.js'
import { meaningOf } from '../connection/error-replies.js'
import { describeFailure, type FailureDetails, placeOf, placeOfMaster } from './describe-failure.js'

export interface RedisMessagesOptions {
  readonly reporter: Reporter
  readonly client: RedisClient
  readonly details: FailureDetails
}

/** The advice for a server that denies tracking. */
const RIGHTS =
  'grant the user CLIENT ID, CLIENT TRACKING, SUBSCRIBE, PING and the channel &__redis__:invalidate, or ' +
  'pass enableL1Cache: false'

/** Codes of failed calls that belong to an outage, which has its own messages. */
const OF_OUTAGES: ReadonlySet<string> = new Set([
  'BACKEND_UNAVAILABLE',
  'BACKEND_TIMEOUT',
  'CLIENT_CHANGED',
])

const FOREIGN: Readonly<Record<ForeignReason, string>> = {
  foreign: 'another program wrote it',
  other_format: 'another version of this package wrote it',
  other_place: 'it was stored under another key, prefix or database',
  too_large: 'it is larger than maxValueBytes',
  wrong_type: 'it is not a string',
  encrypted: 'it is encrypted, and this cache has no option encryption',
  unencrypted: 'it is not encrypted, and encryption.allowPlaintextReads is not set',
  unknown_key: 'no enabled key of encryption.keys decrypts it',
  not_authentic: 'it was changed after it was encrypted, or copied from another key',
}

/** Reports what Redis refuses, foreign and damaged values, and invalidations that were given up. */
export class RedisMessages {
  /** The name of Redis in messages. */
  readonly place: string
  readonly #reporter: Reporter
  readonly #details: FailureDetails
  #areScriptsForbidden = false
  #isTrackingRefused = false

  constructor(options: RedisMessagesOptions) {
    this.place = placeOf(options.client)
    this.#reporter = options.reporter
    this.#details = options.details
  }

  /** Reports the error of a call, whether it was thrown or the call was degraded. */
  callFailed(error: InfrastructureError): void {
    const reporter = this.#reporter
    const { code, context, message } = error
    if (OF_OUTAGES.has(code) || meaningOf(String(context['reply'])).marksUnhealthy) {
      reporter.logRarely('debug', code, `A call to Redis failed: ${message}.`)
      return
    }
    if (context['alarm'] !== true) {
      reporter.logRarely(
        'warn',
        `${code} ${String(context['reply'])}`,
        `A call failed: ${message}.`,
      )
      return
    }
    const failure = [context['reply'], context['forbidden']].filter(Boolean).join(' ')
    const text = `A call was refused. ${this.describe(failure)}`
    reporter.notifyRarely('warn', 'VERBATIM_COMMAND_REFUSED', text, `refused ${failure}`)
  }

  /** Reports that Redis denies tracking. */
  trackingRefused(code: string): void {
    if (this.#isTrackingRefused) return
    this.#isTrackingRefused = true
    this.#reporter.notify(
      'warn',
      'VERBATIM_TRACKING_REFUSED',
      `Client tracking was refused. ${describeFailure(this.place, code, this.#details, RIGHTS)} Until ` +
        'then, every read asks Redis, and the memory tier serves only while Redis is unavailable.',
    )
  }

  /** Reports that Redis permits tracking again. */
  trackingLive(): void {
    if (!this.#isTrackingRefused) return
    this.#isTrackingRefused = false
    const text = `${this.place} permits client tracking now: the memory tier serves hits.`
    this.#reporter.notify('info', 'VERBATIM_TRACKING_RECOVERED', text)
  }

  /** Reports that Redis denies scripts to the user. */
  scriptsForbidden(): void {
    if (this.#areScriptsForbidden) return
    this.#areScriptsForbidden = true
    this.#reporter.log(
      'info',
      `${this.place} denies scripts to this user. A change takes several commands: a write that timed ` +
        'out may still take effect. Grant EVAL and EVALSHA.',
    )
  }

  foundDamaged(): void {
    const text = `${this.place} held a damaged value of this cache. It was removed, and counts as a miss.`
    this.#reporter.logRarely('warn', 'damaged', text)
  }

  foundForeign(reason: ForeignReason): void {
    this.#reporter.logRarely(
      'warn',
      `foreign ${reason}`,
      `${this.place} holds a key under the prefix of this cache that is not a valid entry of it: ` +
        `${FOREIGN[reason]}. It counts as a miss and stays. The event foreign_value names the key.`,
    )
  }

  givenUp(kind: 'key' | 'pattern' | 'tag', error: InfrastructureError): void {
    this.#reporter.logRarely(
      'warn',
      `given up ${kind}`,
      `The invalidation of a ${kind} was given up: ${error.message}. Old values may be served until their ` +
        'TTL; the event invalidation_given_up has the name.',
    )
  }

  /**
   * Composes a sentence about why Redis, or one master of a Cluster, is unavailable.
   *
   * @param code - the code of the failure; `undefined` while no attempt has ended
   */
  describe(code: string | undefined, master?: Redis): string {
    const place = master === undefined ? this.place : placeOfMaster(master)
    return describeFailure(place, code, this.#details)
  }
}

/** Reports probable mistakes of callers, and failures that no caller sees. */
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
