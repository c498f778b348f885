import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, open, readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { GenericRedisCache } from '@verbatim/cache-redis'
import { type RunningProgram, runPiped, startProgram, startRedis } from '@verbatim/test-support'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { folder } from './backup-folder.js'

const PROGRAM = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const SOURCE = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const BACKUP = ['backup', '--key-prefix', 'large:', '--file', '-']

const redis = await startRedis()
afterAll(() => redis.stop())

/** Stores more bytes than a pipe buffers, even after compression. */
beforeAll(async () => {
  await using cache = new GenericRedisCache({
    redisUrl: redis.url,
    keyPrefix: 'large:',
    commandTimeout: 10_000,
    onBackendError: 'throw',
  })
  const value = (): string => randomBytes(8_000).toString('base64')
  await cache.setMany(Array.from({ length: 200 }, (_, index) => [`key:${index}`, value()]))
})

test('a backup to standard output prints its summary after the last byte', async () => {
  const { program, messages } = await startBlocked()
  await sleep(500)
  expect(messages).toEqual([])
  program.child.stdout.resume()
  expect(await program.outcome).toMatchObject({
    code: 0,
    err: expect.stringMatching(/^backed up 200 keys[^\n]*\n$/),
  })
  expect(messages).not.toEqual([])
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  'a backup that waits for its reader exits at %s and removes its temporary folder',
  async (signal, code) => {
    const { program, temporary } = await startBlocked()
    program.child.kill(signal)
    program.child.stdout.resume()
    expect(await program.outcome).toMatchObject({ code, err: '' })
    expect(await foldersIn(temporary)).toEqual([])
  },
)

test.each([
  [BACKUP, 'SIGINT'],
  [['restore', '--key-prefix', 'other:', '--file', '-'], 'SIGINT'],
  [['inspect', '-'], 'SIGTERM'],
] as const)('%j leaves no temporary folder after a second %s', async (args, signal) => {
  const temporary = await newFolder()
  const { child, outcome } = startProgram(SOURCE, args, { env: environment(temporary) })
  while ((await foldersIn(temporary)).length === 0) await sleep(1)
  child.kill(signal)
  await sleep(1)
  child.kill(signal)
  expect(await outcome).toMatchObject({ code: signal === 'SIGINT' ? 130 : 143, out: '' })
  expect(await foldersIn(temporary)).toEqual([])
})

test('a backup leaves no partial file after a second SIGINT', async () => {
  const inside = await newFolder()
  const args = ['backup', '--key-prefix', 'large:', '--file', path.join(inside, 'cache.backup')]
  const { child, outcome } = startProgram(SOURCE, args, { env: environment(inside) })
  const files = async (): Promise<string[]> =>
    (await readdir(inside)).filter((name) => name.startsWith('cache.backup'))
  while ((await files()).length === 0) await sleep(1)
  child.kill('SIGINT')
  await sleep(1)
  child.kill('SIGINT')
  expect(await outcome).toMatchObject({ code: 130, out: '' })
  expect(await files()).toEqual([])
})

test('a backup to a full disk prints no summary and removes its temporary folder', async () => {
  const temporary = await newFolder()
  await using full = await open('/dev/full', 'w')
  const child = spawn(process.execPath, [PROGRAM, ...BACKUP], {
    stdio: ['ignore', full.fd, 'pipe'],
    env: environment(temporary),
  })
  const [messages, [code]] = await Promise.all([
    text(child.stderr as Readable),
    once(child, 'close'),
  ])
  expect([code, messages]).toEqual([1, 'error: standard output cannot be written (ENOSPC)\n'])
  expect(await foldersIn(temporary)).toEqual([])
})

test.each([['true'], ['head -c 100000 > /dev/null']])(
  'a backup prints nothing and removes its temporary folder when its reader closes the pipe: %s',
  async (reader) => {
    const temporary = await newFolder()
    const env = environment(temporary)
    expect(await runPiped(SOURCE, BACKUP, reader, { env })).toEqual({ code: 0, out: '', err: '' })
    expect(await foldersIn(temporary)).toEqual([])
  },
)

interface BlockedBackup {
  readonly program: RunningProgram
  /** Output of the backup on stderr. */
  readonly messages: string[]
  readonly temporary: string
}

/** Starts a backup whose reader reads nothing. Resolves after the first byte of output. */
async function startBlocked(): Promise<BlockedBackup> {
  const temporary = await newFolder()
  const program = startProgram(SOURCE, BACKUP, { env: environment(temporary) })
  const messages: string[] = []
  program.child.stderr.on('data', (message: string) => messages.push(message))
  program.child.stdout.pause()
  while (program.child.stdout.readableLength === 0) await sleep(5)
  return { program, messages, temporary }
}

function environment(temporary: string): Record<string, string> {
  return { REDIS_URL: redis.url, TMPDIR: temporary }
}

function newFolder(): Promise<string> {
  return mkdtemp(path.join(folder, 'streams-'))
}

/** Returns the temporary folders of the command, without the one of `tsx`. */
async function foldersIn(temporary: string): Promise<string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('cache-migrate-'))
}
