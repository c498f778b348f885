import type { InfrastructureError } from '@verbatim/cache-core'
import type { Reporter } from '@verbatim/cache-core/implement'
import type { Redis } from 'ioredis'
import type { ForeignReason } from '../codec/stored-line.js'
import { describeTrouble, type TroubleDetails } from '../connection/describe-trouble.js'
import { meaningOf } from '../connection/error-replies.js'
import type { RedisClient } from '../connection/redis-client.js'
import { placeOf, placeOfMaster } from '../connection/server-place.js'

export interface RedisReportsOptions {
  readonly reporter: Reporter
  readonly client: RedisClient
  readonly details: TroubleDetails
}

/** What to do where tracking is refused. */
const RIGHTS =
  'grant the user CLIENT ID, CLIENT TRACKING, SUBSCRIBE, PING and the channel &__redis__:invalidate, or ' +
  'pass enableL1Cache: false'

/** Failures of calls that begin an outage or follow from it, which is reported on its own. */
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
}

/** Reports what Redis refuses, what it holds that is not ours, and what could not be done. */
export class RedisReports {
  /** How Redis is named in messages. */
  readonly place: string
  readonly #reporter: Reporter
  readonly #details: TroubleDetails
  #areScriptsForbidden = false
  #isTrackingRefused = false

  constructor(options: RedisReportsOptions) {
    this.place = placeOf(options.client)
    this.#reporter = options.reporter
    this.#details = options.details
  }

  /** A call failed with this error, or was degraded because of it. */
  callFailed(error: InfrastructureError): void {
    const reporter = this.#reporter
    const { code, context, message } = error
    if (OF_OUTAGES.has(code) || meaningOf(String(context['reply'])).endsTrust) {
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
    const trouble = [context['reply'], context['forbidden']].filter(Boolean).join(' ')
    const text = `A call was refused. ${this.describe(trouble)}`
    reporter.notifyRarely('warn', 'VERBATIM_COMMAND_REFUSED', text, `refused ${trouble}`)
  }

  /** Redis does not let this process receive changes. */
  trackingRefused(trouble: string): void {
    if (this.#isTrackingRefused) return
    this.#isTrackingRefused = true
    this.#reporter.notify(
      'warn',
      'VERBATIM_TRACKING_REFUSED',
      `Client tracking was refused. ${describeTrouble(this.place, trouble, this.#details, RIGHTS)} Until ` +
        'then, every read asks Redis, and the memory tier serves only while Redis is away.',
    )
  }

  /** This process receives every change in Redis. */
  trackingLive(): void {
    if (!this.#isTrackingRefused) return
    this.#isTrackingRefused = false
    const text = `${this.place} permits client tracking now: the memory tier serves hits.`
    this.#reporter.notify('info', 'VERBATIM_TRACKING_RECOVERED', text)
  }

  /** Redis permits neither scripts nor functions. */
  scriptsForbidden(): void {
    if (this.#areScriptsForbidden) return
    this.#areScriptsForbidden = true
    this.#reporter.log(
      'info',
      `${this.place} permits this user neither scripts nor functions. A change takes several ` +
        'commands: a write that timed out may still take effect. Grant EVAL and EVALSHA.',
    )
  }

  foundDamaged(): void {
    const text = `${this.place} held a damaged value of this cache. It was a miss, and was removed.`
    this.#reporter.logRarely('warn', 'damaged', text)
  }

  foundForeign(reason: ForeignReason): void {
    this.#reporter.logRarely(
      'warn',
      `foreign ${reason}`,
      `${this.place} holds a key under the prefix of this cache that is no entry of it: ` +
        `${FOREIGN[reason]}. It is a miss and stays; the event foreign_value names the key.`,
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
   * Composes a sentence about why Redis, or one master of a Cluster, cannot be used.
   *
   * @param code - of the failure; `undefined` while no attempt has ended
   */
  describe(code: string | undefined, master?: Redis): string {
    const place = master === undefined ? this.place : placeOfMaster(master)
    return describeTrouble(place, code, this.#details)
  }
}
