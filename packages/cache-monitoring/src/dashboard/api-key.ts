import { createHash, timingSafeEqual } from 'node:crypto'

type KeyCheck = 'accepted' | 'wrong' | 'not_configured'

/** A secret that requests must send. Every check takes the same time, whatever key it gets. */
export class ApiKey {
  readonly #digest: Buffer | undefined

  /** @param key - `undefined` where none is configured, so that no request is accepted */
  constructor(key: string | undefined) {
    this.#digest = key === undefined ? undefined : digestOf(key)
  }

  /** Checks the header `authorization: Bearer <key>` of a request. */
  check(authorization: string | null | undefined): KeyCheck {
    if (this.#digest === undefined) return 'not_configured'
    const [, key = ''] = /^Bearer (\S+)$/i.exec(authorization ?? '') ?? []
    // Digests have one length, as the comparison requires, and say nothing about the length of the key.
    return timingSafeEqual(this.#digest, digestOf(key)) ? 'accepted' : 'wrong'
  }
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
