import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { beforeEach, expect, test } from 'vitest'
import { newFile } from '../backup-folder.js'
import { startTwoServers } from './two-servers.js'

const PROGRAM = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const KEYS = 6_000
const LIMIT = 120_000
const isNightly = process.env['NIGHTLY'] === '1'

const { source, target, raw, rawTarget, from, to, manager } = await startTwoServers()
const environment = { REDIS_URL: source.url, TARGET_REDIS_URL: target.url }
const onTarget = { REDIS_URL: target.url }

beforeEach(async () => {
  await Promise.all([raw.flushall(), rawTarget.flushall()])
  // Several chunks, so that a command is interrupted between two of them.
  const pairs = Array.from({ length: KEYS }, (_, index) => [
    `key:${index}`,
    randomBytes(100).toString('hex'),
  ])
  await raw.mset(...pairs.flat())
})

test(
  'Ctrl-C ends a backup, prints how to continue, and the printed way continues it',
  async () => {
    const file = newFile()
    const args = ['backup', '--file', file]
    const interrupted = await interrupt([...args, '--rate', '2000'], environment, () =>
      hasChunks(`${file}.partial`),
    )
    expect(interrupted).toEqual({
      code: 130,
      out: '',
      err: 'Backup failed: interrupted\nto continue, run the same command with --resume\n',
    })
    expect(await run([...args, '--resume'], environment)).toMatchObject({ code: 0, err: '' })
    expect(await manager.inspectBackup(file)).toMatchObject({ success: true, keys: KEYS })
  },
  LIMIT,
)

test(
  'Ctrl-C ends a copy, prints how to continue and to undo it, and both ways work',
  async () => {
    const journal = newFile()
    const args = ['copy', '--journal', journal]
    const interrupted = await interrupt([...args, '--rate', '2000'], environment, () =>
      hasChunks(journal),
    )
    expect([interrupted.code, interrupted.out]).toEqual([130, ''])
    expect(interrupted.err).toMatch(/^Copy failed( after \d+ keys)?: interrupted\n/)
    expect(interrupted.err).toContain('\nto continue, run the same command with --resume\n')
    expect(interrupted.err).toContain(
      `\nto undo, run cache-migrate rollback ${JSON.stringify(journal)} on the target\n`,
    )
    expect(await rawTarget.dbsize()).toBeLessThan(KEYS)

    expect(await run([...args, '--resume'], environment)).toMatchObject({ code: 0, err: '' })
    expect(await manager.validateDataConsistency(from, to)).toMatchObject({
      success: true,
      keysMatched: KEYS,
    })
    expect(await run(['rollback', journal], onTarget)).toMatchObject({ code: 0, err: '' })
    expect(await rawTarget.dbsize()).toBe(0)
  },
  LIMIT,
)

test.runIf(isNightly)(
  'Ctrl-C ends a restore and a rollback, and both can be continued',
  async () => {
    const file = newFile()
    await manager.createBackup(from, file, { rate: 'unlimited' })
    const journal = newFile()
    const args = ['restore', '--file', file, '--journal', journal]
    const restore = await interrupt(args, onTarget, () => hasChunks(journal))
    // A fast machine may end first, and has nothing to continue then.
    const isInterrupted = restore.code === 130
    expect([0, 130]).toContain(restore.code)
    expect(restore.err.includes('to continue, run the same command with --resume\n')).toBe(
      isInterrupted,
    )
    const continued = isInterrupted ? await run([...args, '--resume'], onTarget) : restore
    expect(continued).toMatchObject({ code: 0, err: '' })
    expect(await manager.validateDataConsistency(from, to)).toMatchObject({ success: true })

    const rollback = await interrupt(
      ['rollback', journal],
      onTarget,
      async () => (await rawTarget.dbsize()) < KEYS,
    )
    expect([0, 130]).toContain(rollback.code)
    expect(await run(['rollback', journal], onTarget)).toMatchObject({ code: 0, err: '' })
    expect(await rawTarget.dbsize()).toBe(0)
  },
  LIMIT,
)

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Starts a command, and sends SIGINT when it has begun its work. */
async function interrupt(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  hasBegun: () => boolean | Promise<boolean>,
): Promise<Outcome> {
  const { child, outcome } = start(args, env)
  while (child.exitCode === null && !(await hasBegun())) await sleep(5)
  child.kill('SIGINT')
  return outcome
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Outcome> {
  return start(args, env).outcome
}

function start(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): { readonly child: ChildProcess; readonly outcome: Promise<Outcome> } {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const outcome = Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
    // A slow machine gets lines about the progress.
  ]).then(([[code], out, err]) => ({ code, out, err: err.replaceAll(/^.* keys\/s.*\n/gm, '') }))
  return { child, outcome }
}

/** Returns whether a file has more than its header. */
function hasChunks(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 2_000
}
