import { CacheInterface } from '@verbatim/cache-core'
import { recognizeCopies } from '@verbatim/cache-core/implement'
import type { KeyDocument, RequestKey } from './request-key.js'

/** A cache of the calls of a test. Adapters tell it the requests, and let it forbid calls of the model. */
export abstract class RecordedCalls extends CacheInterface {
  static {
    recognizeCopies(this, 'cache-ai/RecordedCalls')
  }

  /** Called before a call is looked up. */
  abstract describe(key: RequestKey, document: KeyDocument): void

  /**
   * Called before a call that does not use the cache, that asks for a new answer, or that cannot use its entry.
   *
   * @param reason - why the cache cannot serve the call
   * @throws CacheError (`CASSETTE_MISS`) if the model must not be asked
   */
  abstract assertMayAsk(reason: string): void
}
