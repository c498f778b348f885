import { fileURLToPath } from 'node:url'
import { ModelServer } from '@verbatim/model-server'
import { type RunningProgram, startProgram } from '@verbatim/test-support'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { SetUp } from '../set-up.js'

const PROGRAM = fileURLToPath(new URL('asking-process.ts', import.meta.url))
const TEXT = Array.from({ length: 20 }, (_, index) => `word${index} `)

const at = new SetUp()
const server = await ModelServer.start()
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => {
  server.reset()
  server.reply = () => ({ text: TEXT })
  server.pauseMs = 50
})

/** Starts processes that ask the same question when they get a line of input. */
async function startAll(count: number, calls: number): Promise<readonly RunningProgram[]> {
  const programs = Array.from({ length: count }, () =>
    startProgram(PROGRAM, [at.redis.url, server.url, String(calls)]),
  )
  await Promise.all(
    programs.map(({ child }) => new Promise((resolve) => child.stdout.once('data', resolve))),
  )
  return programs
}

/** Returns the texts that a process has received. */
async function textsOf({ outcome }: RunningProgram): Promise<readonly string[]> {
  const { out, err } = await outcome
  const [, texts] = out.split('\n')
  if (texts === undefined || texts === '') throw new Error(err)
  return JSON.parse(texts) as readonly string[]
}

test('four processes make one call of the model', async () => {
  const programs = await startAll(4, 5)
  for (const { child } of programs) child.stdin.write('go\n')
  const texts = await Promise.all(programs.map(textsOf))
  expect(texts.flat()).toEqual(Array(20).fill(TEXT.join('')))
  expect(server.requests).toHaveLength(1)
}, 120_000)

test('when the asking process is killed, another one asks, and nothing partial is stored', async () => {
  const programs = await startAll(3, 2)
  for (const { child } of programs) child.stdin.write('go\n')
  await vi.waitFor(() => expect(server.requests).toHaveLength(1), { timeout: 60_000 })
  const leader = programs.find(
    ({ child: { pid } }) => String(pid) === server.requests[0]?.headers['x-process'],
  )
  expect(leader).toBeDefined()
  leader?.child.kill('SIGKILL')
  await vi.waitFor(() => expect(server.requests[0]?.isAborted).toBe(true), { timeout: 10_000 })
  const others = programs.filter((program) => program !== leader)
  const texts = await Promise.all(others.map(textsOf))
  expect(texts.flat()).toEqual(Array(4).fill(TEXT.join('')))
  expect(server.requests).toHaveLength(2)
}, 120_000)
