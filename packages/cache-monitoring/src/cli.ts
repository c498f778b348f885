#!/usr/bin/env node
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, InvalidArgumentError } from 'commander'
import { fetchReading } from './watch/fetch-reading.js'
import { MonitorView } from './watch/monitor-view.js'
import type { Reading } from './watch/reading.js'

interface WatchOptions {
  readonly interval: number
  readonly count: number
}

const CLEAR = '\u001B[H\u001B[2J'

const { version }: { version: string } = createRequire(import.meta.url)('../package.json')

const program = new Command('cache-monitor').version(version).description('Shows how a cache does.')

program
  .command('watch')
  .description('draws hits, load, memory, latencies and alerts, again and again')
  .argument('<url>', 'a page with metrics: an export as JSON, or Prometheus text', address)
  .option('--interval <seconds>', 'time from one drawing to the next', positive, 2)
  .option('--count <number>', 'drawings to make; without end if left out', positive, Infinity)
  .action(watch)

await program.parseAsync()

async function watch(url: string, { interval, count }: WatchOptions): Promise<void> {
  const { host, pathname } = new URL(url)
  // Without a password, should there be one in the address.
  const view = new MonitorView({ title: `${host}${pathname}, every ${interval} s` })
  const clear = process.stdout.isTTY ? CLEAR : ''
  for (let drawn = 1; ; drawn++) {
    const reading = await tryToRead(url)
    if (reading !== undefined) process.stdout.write(`${clear}${view.draw(reading)}\n`)
    else if (drawn === 1) process.exitCode = 1
    // A page that was there once may come back; one that never was is a mistake in the address.
    if (drawn >= count || process.exitCode === 1) return
    await sleep(interval * 1_000)
  }
}

async function tryToRead(url: string): Promise<Reading | undefined> {
  try {
    return await fetchReading(url)
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : 'nothing was read'}\n`)
    return undefined
  }
}

function address(text: string): string {
  if (URL.canParse(text)) return text
  throw new InvalidArgumentError('It must be a URL, such as http://127.0.0.1:3000/metrics.')
}

function positive(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError('It must be a number above 0.')
}
