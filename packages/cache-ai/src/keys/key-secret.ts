import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto'
import { Secret } from '@verbatim/cache-core'
import { describeType, invalidOption } from '@verbatim/cache-core/implement'

/** The rule of `keySecret`. A shorter text could be guessed. */
export const KEY_SECRET_SETTING = { kind: 'text', minLength: 32, maxLength: 1_024 } as const

/** An option that keys depend on. */
export interface KeySecretOption {
  /**
   * A secret of 32 to 1,024 characters. The digests in keys are then HMACs, so that a reader of Redis cannot find out
   * whether a guessed request is stored. Every process that shares the cache needs the same secret. With another
   * secret, all stored entries are misses. Default: digests without a secret.
   */
  readonly keySecret?: string | Secret | undefined
}

/**
 * Checks the option `keySecret`. Inspecting the result does not show the secret.
 *
 * @throws ConfigurationError (`INVALID_OPTION`) that does not show the secret
 */
export function checkedKeySecret(secret: unknown): KeyObject | undefined {
  if (secret === undefined) return undefined
  const { minLength, maxLength } = KEY_SECRET_SETTING
  const text = secret instanceof Secret ? secret.reveal() : secret
  if (typeof text === 'string' && text.length >= minLength && text.length <= maxLength) {
    return createSecretKey(text, 'utf8')
  }
  const rule = `a string or a Secret of ${minLength} to ${maxLength} characters`
  const received = typeof text === 'string' ? 'another length' : describeType(text)
  throw invalidOption('keySecret', rule, undefined, { received })
}

/** Returns a digest in Base64 for URLs; with a secret, one that cannot be computed without the secret. */
export function digestWith(
  secret: KeyObject | undefined,
  algorithm: 'sha256' | 'sha512',
  text: string,
): string {
  return secret === undefined
    ? hash(algorithm, text, 'base64url')
    : createHmac(algorithm, secret).update(text).digest('base64url')
}
