#!/usr/bin/env node
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { CacheError } from '@verbatim/cache-core'
import { examples, runCommandLine } from '@verbatim/cache-core/command-line'
import { CONTROL_CHARACTERS } from '@verbatim/cache-core/implement'
import { Command, InvalidArgumentError, Option } from 'commander'
import { fetchReading, metricsUrl, SOME_PAGE } from './watch/fetch-reading.js'
import { MonitorView } from './watch/monitor-view.js'
import type { Reading } from './watch/reading.js'

interface WatchOptions {
  readonly interval: number
  readonly count: number
  readonly json?: true
}

/** A day, in seconds. Timers overflow after 24 days. */
const LONGEST_INTERVAL = 86_400

const CLEAR = '\u001B[H\u001B[2J'

const { version }: { version: string } = createRequire(import.meta.url)('../package.json')

await runCommandLine((signal) => {
  const program = new Command('cache-monitor')
    .version(version)
    .description('Shows hits, load, memory, latencies and alerts of a cache.')
    .addHelpText('after', examples(`cache-monitor watch ${SOME_PAGE}`))
  program
    .command('watch')
    .description('draw the metrics of a page at an interval')
    .argument('<url>', 'a page with an export as JSON, or with metrics for Prometheus', metricsUrl)
    .option('--interval <seconds>', 'time between two drawings', intervalOf, 2)
    .addOption(
      new Option('--count <number>', 'number of drawings')
        .default(Number.POSITIVE_INFINITY, 'no limit')
        .argParser(countOf),
    )
    .option('--json', 'print each reading as one line of JSON')
    .addHelpText(
      'after',
      examples(
        `cache-monitor watch ${SOME_PAGE}`,
        `cache-monitor watch ${SOME_PAGE} --interval 10`,
        `cache-monitor watch ${SOME_PAGE} --count 1 --json`,
      ),
    )
    .action((url: string, options: WatchOptions) => watch(url, options, signal))
  return program
})

async function watch(
  url: string,
  { interval, count, json }: WatchOptions,
  signal: AbortSignal,
): Promise<void> {
  const { host, pathname } = new URL(url)
  // The address may contain a password, so the title leaves it out.
  const view = new MonitorView({ title: `${host}${pathname}, every ${interval} s` })
  const clear = process.stdout.isTTY ? CLEAR : ''
  for (let drawn = 1; ; drawn++) {
    const reading = await tryToRead(url)
    signal.throwIfAborted()
    if (reading === undefined) {
      // A page that responded once may come back. Otherwise the address is probably wrong.
      if (drawn === 1) process.exitCode = 1
    } else {
      process.stdout.write(json ? `${lineOf(reading)}\n` : `${clear}${view.draw(reading)}\n`)
    }
    if (drawn >= count || process.exitCode === 1) return
    await sleep(interval * 1_000, undefined, { signal })
  }
}

async function tryToRead(url: string): Promise<Reading | undefined> {
  try {
    return await fetchReading(url)
  } catch (error) {
    if (!(error instanceof CacheError)) throw error
    process.stderr.write(`error: ${error.message}\n`)
    return undefined
  }
}

/** Returns a reading as JSON. JSON that leaves the process has names in snake case. */
function lineOf({ hits, misses, errors, operations, memory, alerts }: Reading): string {
  const line = JSON.stringify({
    ...{ read_at: new Date().toISOString(), hits, misses, errors, operations },
    ...(memory && { memory_bytes: memory.bytes, memory_entries: memory.entries }),
    alerts,
  })
  // JSON escapes the other characters that control a terminal.
  return line.replaceAll(CONTROL_CHARACTERS, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function intervalOf(text: string): number {
  const value = Number(text)
  if (value > 0 && value <= LONGEST_INTERVAL) return value
  throw new InvalidArgumentError(`must be a number above 0 and at most ${LONGEST_INTERVAL}`)
}

function countOf(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new InvalidArgumentError('must be an integer from 1')
}
