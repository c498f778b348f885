import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runs, unpackedFromDebian } from './debian-packages.js'
import { freePort } from './free-port.js'

const START_DEADLINE_MS = 20_000

/**
 * Returns the Prometheus for the tests: from the PATH, or unpacked from Debian packages.
 *
 * @returns `undefined` if there is none
 * @throws Error if there is none in CI
 */
export async function findPrometheus(): Promise<string | undefined> {
  if (await runs('prometheus')) return 'prometheus'
  try {
    return await unpackedFromDebian('prometheus', ['prometheus'], ['prometheus', 'promtool'])
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error
    return undefined
  }
}

/** A sample in the result of a query. */
export interface PrometheusSample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/** A real Prometheus on a loopback port that scrapes one page each second. */
export class PrometheusServer implements AsyncDisposable {
  readonly #url: string
  readonly #process: ChildProcess
  readonly #folder: string

  private constructor(url: string, server: ChildProcess, folder: string) {
    this.#url = url
    this.#process = server
    this.#folder = folder
  }

  /**
   * Starts a Prometheus.
   *
   * @param target - `host:port` of the page. Its path is `/metrics`
   */
  static async start(program: string, target: string): Promise<PrometheusServer> {
    const folder = await mkdtemp(path.join(tmpdir(), 'verbatim-prometheus-'))
    const configuration = path.join(folder, 'prometheus.yml')
    await writeFile(
      configuration,
      `scrape_configs:\n  - job_name: cache\n    scrape_interval: 1s\n    static_configs: [{ targets: ['${target}'] }]\n`,
    )
    const address = `127.0.0.1:${await freePort()}`
    const args = [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${address}`,
    ]
    const child = spawn(program, args, { stdio: 'ignore' })
    const server = new PrometheusServer(`http://${address}`, child, folder)
    await server.#ready()
    return server
  }

  /** Returns the current result of a query. */
  async query(expression: string): Promise<PrometheusSample[]> {
    const response = await fetch(
      `${this.#url}/api/v1/query?query=${encodeURIComponent(expression)}`,
    )
    const { data, error } = (await response.json()) as {
      data?: { result: { metric: Record<string, string>; value: [number, string] }[] }
      error?: string
    }
    if (data === undefined) throw new Error(`Prometheus rejects ${expression}: ${error}`)
    return data.result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }))
  }

  /** Waits until the page was scraped for the first time. */
  async scrapedOnce(): Promise<void> {
    const deadline = Date.now() + START_DEADLINE_MS
    while ((await this.query('up == 1')).length === 0) {
      if (Date.now() > deadline) throw new Error('Prometheus did not scrape the page')
      await sleep(50)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) {
      this.#process.kill()
      await once(this.#process, 'exit')
    }
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + START_DEADLINE_MS
    for (;;) {
      const response = await fetch(`${this.#url}/-/ready`).catch(() => undefined)
      if (response?.ok) return
      if (this.#process.exitCode !== null || Date.now() > deadline) {
        await this[Symbol.asyncDispose]()
        throw new Error('Prometheus did not come up')
      }
      await sleep(50)
    }
  }
}
