import path from 'node:path'
import { ValidationError } from '@verbatim/cache-core'
import { redisUrlFrom } from '@verbatim/cache-core/command-line'
import { isError } from '@verbatim/cache-core/implement'
import { type Command, InvalidArgumentError } from 'commander'
import {
  ALL_PEERS,
  installPeer,
  ownSubjects,
  type PeerSuite,
  peerSubjects,
  THROUGHPUT_PEERS,
} from '../cells/peers.js'
import { listVariants } from '../cells/run-process.js'
import { SCENARIO_NAMES } from '../cells/scenarios.js'
import { type FailedReference, type SubjectReference, withoutUrls } from '../cells/subject.js'

/** Flags of the commands that run cells. */
export interface CellFlags {
  readonly scenario?: readonly string[]
  readonly processes: number
  readonly budget: number
  readonly seed: number
  readonly redisUrl?: string
  readonly folder: string
  readonly minutes: number
  readonly json?: true
  readonly out?: string
}

/** Caches to measure. */
export interface Subjects {
  readonly subjects: readonly SubjectReference[]
  /** Caches that cannot be loaded, and caches that need a server without one. */
  readonly failed: readonly FailedReference[]
}

/** Short names of caches of this repository. */
const ALIASES: Readonly<Record<string, string>> = {
  memory: 'InMemoryCache',
  redis: 'GenericRedisCache',
  ai: 'AIResponseCache',
}

const PEER_PREFIX = 'peer:'

/** Defaults that differ between commands. */
interface CellDefaults {
  readonly processes: number
  readonly budget?: number
  readonly minutes?: number
}

/** Adds the flags of {@link CellFlags} to a command. */
export function addCellFlags(
  command: Command,
  { processes, budget = 300, minutes = 20 }: CellDefaults,
): Command {
  return command
    .option(
      '--scenario <names...>',
      `scenarios to run, or all: ${SCENARIO_NAMES.map((name) => `"${name}"`).join(' ')}`,
      scenarioNames,
    )
    .option('--processes <number>', 'fresh processes per cell', integer(1, 100), processes)
    .option('--budget <ms>', 'milliseconds of each measurement', integer(20, 60_000), budget)
    .option('--seed <number>', 'seed of the data and of the order', integer(1, 4_294_967_295), 1)
    .option('--redis-url <url>', 'server for caches with Redis (default: REDIS_URL)')
    .option('--folder <path>', 'folder of installed peers', '.cache-bench-peers')
    .option(
      '--minutes <number>',
      'minutes after which no process starts',
      integer(1, 1_440),
      minutes,
    )
    .option('--json', 'print the run with its raw samples as JSON')
    .option('--out <file>', 'also write the run to a file: .json, .md or .html')
}

/** Returns the URL of the server, or `undefined` without one. */
export function redisUrlOf({ redisUrl }: Pick<CellFlags, 'redisUrl'>): string | undefined {
  const form = 'redis://<host>:<port>'
  return redisUrlFrom(redisUrl, { isRedisUrl, form })
}

/**
 * Finds caches by name: one of this repository, `peer:<name>`, or the path of a module. A cache that cannot be
 * found, and one that needs Redis without a server, is returned as a failure.
 *
 * @throws ValidationError if all caches need a server and there is none
 */
export async function findSubjects(
  names: readonly string[],
  folder: string,
  redisUrl: string | undefined,
  signal: AbortSignal,
): Promise<Subjects> {
  const own = await Promise.all(
    [ALL_PEERS, THROUGHPUT_PEERS].map((suite) => ownSubjects(suite, signal)),
  )
  const subjects: SubjectReference[] = []
  const failed: FailedReference[] = []
  for (const name of names) {
    try {
      subjects.push(...(await findSubject(name, own.flat(), folder, signal)))
    } catch (error) {
      failed.push({ name, error: isError(error) ? withoutUrls(error.message) : 'unknown error' })
    }
  }
  const usable = subjects.filter(({ tier }) => tier === 'memory' || redisUrl !== undefined)
  if (usable.length + failed.length === 0) {
    throw new ValidationError('--redis-url must be given for these caches; received none')
  }
  const withoutServer = subjects
    .filter((subject) => !usable.includes(subject))
    .map(({ name }) => ({ name, error: 'needs --redis-url or REDIS_URL' }))
  return { subjects: usable, failed: [...failed, ...withoutServer] }
}

async function findSubject(
  name: string,
  own: readonly SubjectReference[],
  folder: string,
  signal: AbortSignal,
): Promise<readonly SubjectReference[]> {
  const found = own.filter((subject) => subject.name === (ALIASES[name] ?? name))
  if (found.length > 0) return found
  if (name.startsWith(PEER_PREFIX))
    return peerSubjects(folder, name.slice(PEER_PREFIX.length), signal)
  const module = path.resolve(name)
  // A module that cannot be loaded is reported by the correctness gate.
  const variants = await listVariants(module, signal).catch(() => [])
  if (variants.length > 0) return variants
  return [{ name: path.basename(name), module, tier: 'memory', versions: {} }]
}

/** Returns the names of all caches of a suite. Installs the peers on request. */
export async function allNames(
  suite: PeerSuite,
  folder: string,
  isInstalled: boolean,
  onProgress: (line: string) => void,
  signal: AbortSignal,
): Promise<{ readonly names: string[]; readonly failed: FailedReference[] }> {
  const failed: FailedReference[] = []
  const names = (await ownSubjects(suite, signal)).map(({ name }) => name)
  for (const peer of suite.peers) {
    try {
      if (isInstalled) {
        onProgress(`installing ${peer}`)
        await installPeer(path.resolve(folder), peer)
      }
      names.push(`${PEER_PREFIX}${peer}`)
    } catch (error) {
      const reason = isError(error) ? withoutUrls(error.message) : 'unknown error'
      failed.push({ name: peer, error: `cannot be installed: ${reason}` })
    }
  }
  return { names, failed }
}

export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`must be an integer from ${min} to ${max}`)
  }
}

function scenarioNames(text: string, previous: readonly string[] = []): readonly string[] {
  if (text === 'all') return SCENARIO_NAMES
  if (SCENARIO_NAMES.includes(text)) return [...previous, text]
  throw new InvalidArgumentError(`must be all or some of ${SCENARIO_NAMES.join('; ')}`)
}

function isRedisUrl(url: unknown): boolean {
  return typeof url === 'string' && /^rediss?:\/\/\S+$/.test(url) && URL.canParse(url)
}
