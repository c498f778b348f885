import { createHash, createHmac, hash as hashAtOnce, type KeyObject } from 'node:crypto'

/** The UTF-16 units of a long text that are turned into bytes at a time, to bound the memory. */
const SLICE = 65_536

/**
 * Returns the digest of a well-formed text and a suffix, in hexadecimal digits.
 *
 * @param secret - makes the digest an HMAC. Default: no secret
 */
export function textDigest(
  algorithm: string,
  text: string,
  suffix = '',
  secret?: KeyObject,
): string {
  if (secret === undefined && text.length <= SLICE)
    return hashAtOnce(algorithm, text + suffix, 'hex')
  const hash = secret === undefined ? createHash(algorithm) : createHmac(algorithm, secret)
  for (let start = 0; start < text.length; ) {
    const end = sliceEnd(text, start + SLICE)
    hash.update(text.slice(start, end))
    start = end
  }
  return hash.update(suffix).digest('hex')
}

/** Returns an end that keeps surrogate pairs together, because half a pair has no bytes. */
function sliceEnd(text: string, end: number): number {
  const last = text.charCodeAt(end - 1)
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end
}
