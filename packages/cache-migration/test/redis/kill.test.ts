import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { newFile } from '../backup-folder.js'
import { plantSampleKeys, SAMPLE_NAMES } from './sample-keys.js'
import { startTwoServers } from './two-servers.js'

/** Least number of times that each command is killed. Nightly runs set more. */
const KILLS = Number(process.env['KILLS'] ?? 2)
const isNightly = 'KILLS' in process.env
/** One run is killed at most as often, because a kill can come before the run has made any progress. */
const MOST_KILLS_OF_A_RUN = Math.min(KILLS, 5)
const PROGRAM = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const STRINGS = 8_000

const { source, target, raw, rawTarget, from, to, manager } = await startTwoServers()
const environment = { REDIS_URL: source.url, TARGET_REDIS_URL: target.url }
const onTarget = { REDIS_URL: target.url }
beforeAll(async () => {
  await plantSampleKeys(raw)
  const pipeline = raw.pipeline()
  for (let index = 0; index < STRINGS; index++) pipeline.set(`string:${index}`, `value ${index}`)
  await pipeline.exec()
})

const TIMEOUT = 60_000 + KILLS * 20_000

test(
  'a backup that is killed and resumed contains each key once',
  async () => {
    await repeatUntilKilled(async () => {
      const file = newFile()
      const args = ['backup', '--file', file, '--rate', '8000']
      const kills = await killAndResume(args, environment, `${file}.partial`, 1_500)
      expect(await manager.inspectBackup(file)).toMatchObject({
        success: true,
        keys: STRINGS + SAMPLE_NAMES.length,
      })
      await rawTarget.flushall()
      await manager.restoreBackup(file, to)
      await expectSame()
      return [kills]
    })
  },
  TIMEOUT,
)

test(
  'a restore that is killed and resumed is exact, and its rollback removes all keys',
  async () => {
    const file = newFile()
    await manager.createBackup(from, file, { rate: 'unlimited' })
    await repeatUntilKilled(async () => {
      await rawTarget.flushall()
      const journal = newFile()
      const args = ['restore', '--file', file, '--journal', journal]
      const kills = await killAndResume(args, onTarget, journal, 500)
      await expectSame()
      const kinds = [kills, await killAndResume(['rollback', journal], onTarget, undefined, 500)]
      expect(await rawTarget.dbsize()).toBe(0)
      return kinds
    })
  },
  TIMEOUT * 2,
)

test(
  'a copy that is killed and resumed is exact, and its rollback restores the replaced keys',
  async () => {
    const old = Array.from({ length: 2_000 }, (_, index) => [`string:${index * 3}`, 'before'])
    const names = old.map(([key]) => key ?? '')
    await repeatUntilKilled(async () => {
      await rawTarget.flushall()
      await rawTarget.mset(...old.flat())
      await rawTarget.sadd('large set', 'before')
      const journal = newFile()
      const args = ['copy', '--yes', '--conflict', 'replace', '--journal', journal]
      const kills = await killAndResume([...args, '--rate', '8000'], environment, journal, 1_500)
      await expectSame()
      const kinds = [kills, await killAndResume(['rollback', journal], onTarget, undefined, 500)]
      expect(await rawTarget.dbsize()).toBe(old.length + 1)
      expect(await rawTarget.smembers('large set')).toEqual(['before'])
      expect(new Set(await rawTarget.mget(names))).toEqual(new Set(['before']))
      return kinds
    })
  },
  TIMEOUT * 2,
)

/**
 * Repeats a run from its start until each of its commands was killed often enough.
 *
 * @param run - returns the number of kills of each command
 */
async function repeatUntilKilled(run: () => Promise<readonly number[]>): Promise<void> {
  const totals: number[] = []
  // A test of a change makes one pass, however often it was killed.
  const wanted = isNightly ? KILLS : 0
  do {
    for (const [index, kills] of (await run()).entries()) {
      totals[index] = (totals[index] ?? 0) + kills
    }
  } while (Math.min(...totals) < wanted)
  const { currentTestName } = expect.getState()
  if (isNightly) console.log(`${currentTestName}: ${totals.join(' and ')} kills`)
}

/**
 * Runs a command, kills it at random times after its file exists, and continues it until it ends.
 *
 * @param file - the file that a command with `--resume` continues; `undefined` for a command that is repeated
 * @returns the number of kills
 */
async function killAndResume(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  file: string | undefined,
  withinMs: number,
): Promise<number> {
  for (let kills = 0; kills < MOST_KILLS_OF_A_RUN; kills++) {
    const child = start([...args, ...resumeOf(file)], env)
    const ended = once(child, 'close')
    await untilStarted(child, file)
    await sleep(Math.random() * withinMs)
    child.kill('SIGKILL')
    await ended
    if (child.exitCode === 0) return kills
  }
  const child = start([...args, ...resumeOf(file)], env)
  const [errors, [code]] = await Promise.all([text(child.stderr as Readable), once(child, 'close')])
  // A slow machine gets lines about the progress.
  expect([code, errors.replaceAll(/^.* keys\/s.*\n/gm, '')]).toEqual([0, ''])
  return MOST_KILLS_OF_A_RUN
}

async function untilStarted(child: ChildProcess, file: string | undefined): Promise<void> {
  if (file === undefined) await sleep(150)
  else while (!existsSync(file) && child.exitCode === null) await sleep(5)
}

function resumeOf(file: string | undefined): string[] {
  return file !== undefined && existsSync(file) ? ['--resume'] : []
}

function start(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

async function expectSame(): Promise<void> {
  expect(
    await manager.validateDataConsistency(from, to, { rate: 'unlimited', ttlTolerance: 0.05 }),
  ).toMatchObject({
    errors: [],
    success: true,
    ttlDeltas: {},
    keysMatched: STRINGS + SAMPLE_NAMES.length,
  })
}
