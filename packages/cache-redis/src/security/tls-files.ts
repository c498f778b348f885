import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { ConfigurationError, type Secret } from '@verbatim/cache-core'
import { invalidOption, isError } from '@verbatim/cache-core/implement'

/** Certificates and a key in the form of PEM, as `node:tls` takes them. */
export interface TlsMaterial {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

/** The origin of one part: a file, or its content. */
export interface TlsSource {
  /** The name of the field, for errors. */
  readonly field: string
  readonly path?: string | undefined
  readonly content?: string | Uint8Array | undefined
}

export interface TlsSources {
  readonly ca?: TlsSource | undefined
  readonly cert?: TlsSource | undefined
  readonly key?: TlsSource | undefined
  readonly passphrase?: Secret | undefined
}

const LARGEST_FILE = 1_048_576
const PEM_CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * Certificates that follow their files. Each new connection uses the files as they are then, unless they do not
 * fit together, as while they are being replaced. It then uses the last ones that did.
 */
export class TlsFiles {
  readonly #sources: TlsSources
  #material: TlsMaterial
  #versions: string
  #lastError: ConfigurationError | undefined

  /** @throws ConfigurationError (`INVALID_OPTION`) that names the field */
  constructor(sources: TlsSources) {
    this.#sources = sources
    this.#versions = versionsOf(sources)
    this.#material = load(sources)
  }

  /** The error of the last attempt to read changed files; `undefined` if it succeeded. */
  get lastError(): ConfigurationError | undefined {
    return this.#lastError
  }

  /** Returns the certificates and the key. Reads files that have changed. */
  current(): TlsMaterial {
    const versions = versionsOf(this.#sources)
    if (versions === this.#versions) return this.#material
    try {
      this.#material = load(this.#sources)
      this.#versions = versions
      this.#lastError = undefined
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      this.#lastError = error
    }
    return this.#material
  }
}

/** Returns the certificates of a bundle. */
export function certificatesIn(pem: Buffer): X509Certificate[] {
  return Array.from(pem.toString('latin1').matchAll(PEM_CERTIFICATES), ([certificate]) => {
    return new X509Certificate(certificate)
  })
}

function load({ ca, cert, key, passphrase }: TlsSources): TlsMaterial {
  const material = {
    ...(ca && { ca: read(ca) }),
    ...(cert && { cert: read(cert) }),
    ...(key && { key: read(key) }),
  }
  if (ca && material.ca) parseCertificates(ca.field, material.ca)
  if (cert && key && material.cert && material.key) {
    const [own] = parseCertificates(cert.field, material.cert)
    const privateKey = parseKey(key.field, material.key, passphrase)
    if (own?.checkPrivateKey(privateKey) !== true) {
      throw invalid(key.field, `the key of the certificate in ${cert.field}`, 'another key')
    }
  }
  return material
}

function read({ field, path, content }: TlsSource): Buffer {
  if (path === undefined) return Buffer.from(content as string)
  try {
    if (statSync(path).size > LARGEST_FILE) throw invalid(field, 'a file of at most 1 MiB', 'more')
    return readFileSync(path)
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const code = isError(error) && 'code' in error ? String(error.code) : 'an error'
    throw invalid(field, 'the path of a file that can be read', code)
  }
}

/** Returns text that changes when a file does; the text is empty without files. */
function versionsOf({ ca, cert, key }: TlsSources): string {
  return [ca, cert, key]
    .map((source) => {
      if (source?.path === undefined) return ''
      const stat = statSync(source.path, { throwIfNoEntry: false })
      return stat === undefined ? 'absent' : `${stat.mtimeMs}:${stat.size}:${stat.ino}`
    })
    .join(' ')
}

function parseCertificates(field: string, pem: Buffer): X509Certificate[] {
  try {
    const certificates = certificatesIn(pem)
    if (certificates.length > 0) return certificates
  } catch {
    // The message of the cause may quote the content.
  }
  throw invalid(field, 'one or more certificates in PEM', 'something else')
}

function parseKey(field: string, pem: Buffer, passphrase: Secret | undefined): KeyObject {
  try {
    return createPrivateKey({
      key: pem,
      format: 'pem',
      ...(passphrase && { passphrase: passphrase.reveal() }),
    })
  } catch {
    const rule = 'a private key in PEM; tlsKeyPassphrase must be its passphrase if it has one'
    throw invalid(field, rule, 'something else')
  }
}

function invalid(field: string, rule: string, received: string): ConfigurationError {
  return invalidOption(field, rule, undefined, { received })
}
