import { execFile } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.js'
import { type RedisServer, type ServerTls, startRedis, tlsFlags } from './redis-server.js'

const run = promisify(execFile)

/** The names of a server on this machine. */
export const LOCAL = 'subjectAltName=DNS:localhost,IP:127.0.0.1'

interface CertificateOptions {
  /** Extensions, one a line. Default: a server of the names {@link LOCAL}. */
  readonly extensions?: string
  /** Days from now. Default: valid since yesterday, for 10 days. */
  readonly from?: number
  readonly until?: number
}

/** A folder with certificates that OpenSSL makes, each in `<name>.crt` and `<name>.key`. */
export class Certificates implements AsyncDisposable {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(): Promise<Certificates> {
    return new Certificates(await mkdtemp(path.join(tmpdir(), 'verbatim-certificates-')))
  }

  /** Returns the path of a file in the folder. */
  file(name: string): string {
    return path.join(this.folder, name)
  }

  /** Starts a server with the certificate `server` that accepts client certificates of the authority `root`. */
  async startServer(
    ...flags: readonly string[]
  ): Promise<{ readonly redis: RedisServer; readonly tlsPort: number }> {
    const tlsPort = await freePort()
    const redis = await startRedis(...tlsFlags(this.serverTls, tlsPort), ...flags)
    return { redis, tlsPort }
  }

  /** The certificate `server`, and the authority `root`. */
  get serverTls(): ServerTls {
    const [ca, cert, key] = ['root.crt', 'server.crt', 'server.key'].map((name) => this.file(name))
    return { ca, cert, key } as ServerTls
  }

  /** Creates an authority that signs itself. */
  async authority(name: string): Promise<void> {
    await this.#openssl(
      ...['req', '-x509', ...EC, '-nodes', '-subj', `/CN=${name}`, '-days', '10'],
      ...['-addext', 'basicConstraints=critical,CA:TRUE'],
      ...['-keyout', `${name}.key`, '-out', `${name}.crt`],
    )
  }

  /** Creates a certificate by an authority; by itself if the authority has the same name. */
  async issue(name: string, authority: string, options: CertificateOptions = {}): Promise<void> {
    const { extensions = LOCAL, from = -1, until = 10 } = options
    await this.#openssl(
      ...['req', ...EC, '-nodes', '-subj', `/CN=${name}`],
      ...['-keyout', `${name}.key`, '-out', `${name}.csr`],
    )
    // `openssl ca` is the only command of version 3.0 that sets both dates. It needs a folder for its records.
    const records = this.file(`${name}.records`)
    await mkdir(records)
    await writeFile(path.join(records, 'index'), '')
    await writeFile(path.join(records, 'serial'), '01')
    await writeFile(path.join(records, 'config'), CONFIG.replaceAll('FOLDER', records))
    await writeFile(this.file(`${name}.ext`), `${extensions}\n`)
    const signer = authority === name ? ['-selfsign'] : ['-cert', `${authority}.crt`]
    await this.#openssl(
      ...['ca', '-batch', '-notext', '-config', path.join(records, 'config'), ...signer],
      ...['-keyfile', `${authority}.key`, '-in', `${name}.csr`, '-out', `${name}.crt`],
      ...['-startdate', dateIn(from), '-enddate', dateIn(until), '-extfile', `${name}.ext`],
    )
  }

  /** Writes several certificates into one file. */
  async bundle(name: string, ...parts: readonly string[]): Promise<void> {
    for (const part of parts) {
      const { stdout } = await run('openssl', ['x509', '-in', this.file(`${part}.crt`)])
      await appendFile(this.file(`${name}.crt`), stdout)
    }
  }

  /** Encrypts a key with a passphrase. */
  async encryptKey(name: string, encrypted: string, passphrase: string): Promise<void> {
    const pass = `pass:${passphrase}`
    const words = ['ec', '-in', `${name}.key`, '-out', `${encrypted}.key`, '-aes256']
    await this.#openssl(...words, '-passout', pass)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true })
  }

  async #openssl(...words: readonly string[]): Promise<void> {
    await run('openssl', words, { cwd: this.folder })
  }
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']

const CONFIG = `[ca]
default_ca = authority
[authority]
new_certs_dir = FOLDER
database = FOLDER/index
serial = FOLDER/serial
default_md = sha256
policy = names
unique_subject = no
[names]
commonName = supplied
`

function dateIn(days: number): string {
  const date = new Date(Date.now() + days * 86_400_000).toISOString()
  return `${date.slice(0, 19).replaceAll(/[-:T]/g, '')}Z`
}
