import { hash, type KeyObject } from 'node:crypto'
import { CacheError, canonicalJson } from '@verbatim/cache-core'
import { digestWith } from '../keys/key-secret.js'
import { BypassError } from './call-status.js'
import { type Tenant, tenantDigest } from './tenant.js'

/** Changes with every change of the form of keys, so that older entries are never found. */
const KEY_VERSION = 1

/** The kind of a call. Calls of different kinds never share a key. */
export type Surface = 'language' | 'embedding' | 'http' | 'langchain'

/** The parts of a key. */
export interface KeyDocument {
  readonly surface: Surface
  readonly tenant: Tenant
  readonly provider: string
  readonly model: string
  /** The version that the user gave to prompts and answers. */
  readonly version: string | undefined
  /** Distinguishes answers to the same request, for a caller that wants another one. */
  readonly variant: string | number
  /** The request without the fields that do not change the answer. */
  readonly request: unknown
}

/** The key of a request, and a second digest of it that is stored with the answer. */
export interface RequestKey {
  /** The key in the cache. It contains no part of the request. */
  readonly key: string
  /** The SHA-256 of the canonical form, or the HMAC with the secret, in 43 characters. */
  readonly digest: string
  /** The length and another digest of the canonical form. An entry with another check is not used. */
  readonly check: string
}

/**
 * Returns the key of a request.
 *
 * @param secret - as {@link KeySecretOption} describes it
 * @throws BypassError (`unrepresentable_value`) for a value that has no canonical form
 */
export function requestKey(document: KeyDocument, secret: KeyObject | undefined): RequestKey {
  const text = canonicalText(document)
  const digest = digestWith(secret, 'sha256', text)
  const second = digestWith(secret, 'sha512', text).slice(0, 22)
  const tenant = tenantDigest(document.tenant, secret)
  return {
    key: `model:${KEY_VERSION}:${tenant}:${document.surface}:${digest}`,
    digest,
    check: `${text.length}:${second}`,
  }
}

/** From this length, in UTF-16 units, hashing a text is faster than writing it as JSON. */
const LONG_TEXT = 512

/**
 * Returns a text for a key document: itself, or the digests of a long one. Use it only where every value is the
 * result of this function, so that no other value looks like the digests.
 *
 * @throws BypassError (`unrepresentable_value`) for anything but a text
 */
export function textInKey(text: unknown, path: string): unknown {
  if (typeof text !== 'string') throw new BypassError('unrepresentable_value', path)
  // A lone surrogate has no bytes to hash.
  if (text.length < LONG_TEXT || !text.isWellFormed()) return text
  return {
    length: text.length,
    sha256: hash('sha256', text, 'base64url'),
    sha512: hash('sha512', text, 'base64url').slice(0, 22),
  }
}

/**
 * Returns the canonical form of a request: the same text for equal requests in every process.
 *
 * @throws BypassError (`unrepresentable_value`) for a value that has no canonical form
 */
export function canonicalText({ tenant, ...document }: KeyDocument): string {
  const owner = typeof tenant === 'string' ? { name: tenant } : 'shared'
  try {
    return canonicalJson({ v: KEY_VERSION, tenant: owner, ...document }, 'call')
  } catch (error) {
    if (!(error instanceof CacheError) || error.code !== 'NOT_CANONICAL') throw error
    throw new BypassError('unrepresentable_value', String(error.context['path']))
  }
}
