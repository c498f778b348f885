/** Random texts, one for each kind of secret. */
export interface Canaries {
  readonly password: string
  readonly user: string
  readonly keyPart: string
  readonly value: string
  readonly passphrase: string
  /** The path or the query of a URL. Messages contain its host and port. */
  readonly url: string
  readonly encryptionKey: string
  readonly tenant: string
  readonly prompt: string
  readonly tag: string
  readonly certificateKey: string
  readonly token: string
}

/** Secrets and servers for the program. */
export interface Scene {
  readonly secrets: Canaries
  /** The text of a key ring with the secret `encryptionKey`. */
  readonly keyRing: string
  readonly dataPassword: string
  readonly redisUrl: string
  readonly tlsUrl: string
  /** A server that does not reply. */
  readonly pausedUrl: string
  readonly fewPermissionsUrl: string
  /** A folder with certificates. */
  readonly folder: string
}
