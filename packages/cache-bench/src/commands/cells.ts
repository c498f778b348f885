import { open, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ValidationError } from '@verbatim/cache-core'
import type { Command } from 'commander'
import { ALL_PEERS, type PeerSuite, THROUGHPUT_PEERS } from '../cells/peers.js'
import { runCells } from '../cells/run-cells.js'
import { readRunFile } from '../cells/run-file.js'
import type { RunReport } from '../cells/run-report.js'
import { PACED_SCENARIO, THROUGHPUT_SCENARIOS } from '../cells/scenarios/throughput.js'
import { compareRuns } from '../regression/compare-runs.js'
import { PerformanceRegressionDetector } from '../regression/performance-regression-detector.js'
import { formatRunComparison } from '../report/regression-table.js'
import { formatRunPage } from '../report/run-page.js'
import { formatRun } from '../report/run-tables.js'
import {
  addCellFlags,
  allNames,
  type CellFlags,
  findSubjects,
  redisUrlOf,
  type Subjects,
} from './cell-options.js'

const DEFAULT_SCENARIOS = ['get', 'set', 'getOrSet']
/** Scenarios of `peers`: the others take longer or say less about other libraries. */
const PEER_SCENARIOS = [
  ...['get', 'set', 'getOrSet', 'latency', 'zipf', 'compression', 'stampede'],
  ...['stampede, 4 processes', 'open loop', 'outage', 'memory'],
]
const THROUGHPUT_NAMES = [...Object.keys(THROUGHPUT_SCENARIOS), PACED_SCENARIO]
const LOG_INTERVAL_MS = 30_000
const OUT_FORMATS = ['.json', '.md', '.html']

type PeerFlags = CellFlags & { readonly install?: true }

/** Adds the commands that run scenarios in fresh processes. */
export function addCellCommands(program: Command, signal: AbortSignal): void {
  addCellFlags(
    program
      .command('compare')
      .argument('<cache...>', 'memory, redis, ai, peer:<name>, or the path of a module')
      .description('measure scenarios with caches, each in fresh processes'),
    { processes: 5 },
  ).action(async (names: string[], flags: CellFlags) => {
    const found = await findSubjects(names, flags.folder, redisUrlOf(flags), signal)
    await print(await measure(found, flags, signal), flags)
  })
  addCellFlags(
    program
      .command('peers')
      .description('measure the caches of this repository and other libraries')
      .option('--install', 'install the latest versions of the libraries into --folder first'),
    { processes: 3 },
  ).action((flags: PeerFlags) => measurePeers(ALL_PEERS, PEER_SCENARIOS, flags, signal))
  addCellFlags(
    program
      .command('throughput')
      .description('measure get and set of 1 to 512 callers through Redis, without memory tiers')
      .option('--install', 'install the latest versions of the libraries into --folder first'),
    { processes: 5, budget: 150, minutes: 15 },
  ).action((flags: PeerFlags) => measurePeers(THROUGHPUT_PEERS, THROUGHPUT_NAMES, flags, signal))
  program
    .command('report')
    .argument('<run.json>', 'file that --out or --json has written')
    .description('print a stored run, or write it in another format')
    .option('--out <file>', 'file to write: .json, .md or .html')
    .action(async (file: string, flags: { readonly out?: string }) => {
      if (flags.out !== undefined) await assertWritable(flags.out)
      await print(await readRunFile(file), flags)
    })
  addCellFlags(
    program
      .command('regress')
      .argument('<baseline.json>', 'file of an earlier run')
      .argument('[cache...]', 'caches to measure (default: those of the baseline)')
      .description('measure again and compare with a baseline; exit code 1 for a regression')
      .option('--with <run.json>', 'compare with this run instead of measuring'),
    { processes: 7 },
  ).action((file: string, names: string[], flags: CellFlags & { readonly with?: string }) =>
    regress(file, names, flags, signal),
  )
}

async function measurePeers(
  suite: PeerSuite,
  scenario: readonly string[],
  flags: PeerFlags,
  signal: AbortSignal,
): Promise<void> {
  const isInstalled = flags.install === true
  const { names, failed } = await allNames(
    suite,
    flags.folder,
    isInstalled,
    progressPrinter(),
    signal,
  )
  const found = await findSubjects(names, flags.folder, redisUrlOf(flags), signal)
  const all = { ...found, failed: [...failed, ...found.failed] }
  await print(await measure(all, { scenario, ...flags }, signal), flags)
}

async function regress(
  file: string,
  names: readonly string[],
  flags: CellFlags & { readonly with?: string },
  signal: AbortSignal,
): Promise<void> {
  const baseline = await readRunFile(file)
  if (flags.out !== undefined) await assertWritable(flags.out)
  const current =
    flags.with === undefined
      ? await measureAgain(baseline, names, flags, signal)
      : await readRunFile(flags.with)
  if (signal.aborted) return
  const comparison = compareRuns(baseline, current, new PerformanceRegressionDetector())
  const text = flags.json ? JSON.stringify(comparison, null, 2) : formatRunComparison(comparison)
  process.stdout.write(`${text}\n`)
  if (flags.out !== undefined) await write(flags.out, current)
  const isWorse = comparison.figures.some(({ severity }) => severity !== undefined)
  if (isWorse || comparison.missing.length > 0) process.exitCode = 1
}

async function measureAgain(
  baseline: RunReport,
  names: readonly string[],
  flags: CellFlags,
  signal: AbortSignal,
): Promise<RunReport> {
  const wanted = names.length > 0 ? names : baseline.caches.map(({ name }) => name)
  const found = await findSubjects(wanted, flags.folder, redisUrlOf(flags), signal)
  const { scenarios, budgetMs: budget, seed } = baseline
  return measure(found, { ...flags, scenario: scenarios, budget, seed }, signal)
}

async function measure(
  { subjects, failed }: Subjects,
  flags: CellFlags,
  signal: AbortSignal,
): Promise<RunReport> {
  if (flags.out !== undefined) await assertWritable(flags.out)
  return runCells({
    subjects,
    failed,
    scenarios: flags.scenario ?? DEFAULT_SCENARIOS,
    processes: flags.processes,
    seed: flags.seed,
    budgetMs: flags.budget,
    redisUrl: redisUrlOf(flags),
    maxMinutes: flags.minutes,
    signal,
    onProgress: progressPrinter(),
  })
}

async function print(
  report: RunReport,
  { json, out }: { readonly json?: true; readonly out?: string },
): Promise<void> {
  process.stdout.write(`${json ? JSON.stringify(report) : formatRun(report)}\n`)
  if (out !== undefined) await write(out, report)
}

async function write(file: string, report: RunReport): Promise<void> {
  assertFormat(file)
  const texts: Readonly<Record<string, () => string>> = {
    '.json': () => JSON.stringify(report),
    '.md': () => formatRun(report),
    '.html': () => formatRunPage(report),
  }
  await writeFile(file, `${texts[path.extname(file)]?.() ?? ''}\n`)
}

function assertFormat(file: string): void {
  if (OUT_FORMATS.includes(path.extname(file))) return
  throw new ValidationError(`--out must end with ${OUT_FORMATS.join(' or ')}`)
}

/**
 * Checks that a file can be written, because a run of twenty minutes would be lost otherwise.
 *
 * @throws ValidationError for another format, and errors of the file system
 */
async function assertWritable(file: string): Promise<void> {
  assertFormat(file)
  const handle = await open(file, 'a')
  await handle.close()
}

/** Returns a function that prints every line to a terminal, and a line every 30 seconds to a log. */
function progressPrinter(): (line: string) => void {
  let printedAt = performance.now()
  return (line) => {
    if (!process.stderr.isTTY && performance.now() - printedAt < LOG_INTERVAL_MS) return
    printedAt = performance.now()
    process.stderr.write(`${line}\n`)
  }
}
