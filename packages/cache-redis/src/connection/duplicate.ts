import type { Redis } from 'ioredis'
import { connectionSettings, LEAST_PATIENCE_MS } from './client-settings.js'
import { RECONNECT_PERIOD_MS, ReconnectDelay } from './reconnect-delay.js'

/**
 * Makes one more connection to where a client leads, in the same way and with the same password. It
 * has not connected yet, it is for its maker to end, and the client it was made from is as it was.
 *
 * Nothing that was subscribed to is again after a reconnect, for what was missed must be dealt with
 * first.
 */
export function duplicateFor(node: Redis): Redis {
  const delay = new ReconnectDelay(RECONNECT_PERIOD_MS)
  const duplicate = node.duplicate({
    ...connectionSettings(LEAST_PATIENCE_MS, delay),
    // Bounds the handshake too, which connectTimeout does not.
    commandTimeout: LEAST_PATIENCE_MS,
    replyMapping: 'legacy',
    autoResubscribe: false,
    enableAutoPipelining: false,
    readOnly: false,
    reconnectOnError: null,
    sentinelRetryStrategy: delay.next,
    failoverDetector: false,
  })
  duplicate.on('error', delay.note)
  return duplicate
}
