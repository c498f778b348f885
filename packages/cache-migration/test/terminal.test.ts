import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, test } from 'vitest'
import { newFile } from './backup-folder.js'
import { startTwoServers } from './redis/two-servers.js'

const PROGRAM = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const KEYS = 6_000
const LIMIT = 120_000
/** Tests in a terminal take as long as their runs. */
const isNightly = process.env['NIGHTLY'] === '1'

/** The program of util-linux that runs a command in a terminal. */
const hasScript = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout)

const { source, target, raw, rawTarget } = await startTwoServers()
const environment = { REDIS_URL: source.url, TARGET_REDIS_URL: target.url }

beforeEach(async () => {
  await Promise.all([raw.flushall(), rawTarget.flushall()])
  const pairs = Array.from({ length: KEYS }, (_, index) => [`key:${index}`, `value ${index}`])
  await raw.mset(...pairs.flat())
})

describe.runIf(hasScript && isNightly)('on a terminal', () => {
  test(
    'a copy shows a bar with the number of keys, the rate and the time left, and then its summary alone',
    async () => {
      const terminal = inTerminal(['copy', '--rate', '3000', '--journal', newFile()])
      const { code, output } = await terminal.outcome
      expect(code).toBe(0)
      expect(output).toMatch(/\[=+-*\] \d+ % \| [\d,]+ of 6,000 keys, [\d,]+ keys\/s, \d+ s left/)
      // The bar is cleared before the summary.
      expect(output.slice(output.lastIndexOf('\u001B['))).toMatch(
        /copied 6000 keys; 0 already existed/,
      )
    },
    LIMIT,
  )

  test(
    'Ctrl-C during the bar ends the run with code 130 and prints how to continue',
    async () => {
      const terminal = inTerminal(['copy', '--rate', '1000', '--journal', newFile()])
      await terminal.until(/ left/)
      terminal.type('\u0003')
      const { code, output } = await terminal.outcome
      expect(code).toBe(130)
      expect(output).toContain('to continue, run the same command with --resume')
    },
    LIMIT,
  )

  test(
    'a restore into a server that has keys asks, and writes nothing after any answer but yes',
    async () => {
      const file = newFile()
      expect((await inTerminal(['backup', '--file', file]).outcome).code).toBe(0)
      await rawTarget.set('key:1', 'mine')
      const args = ['restore', '--redis-url', target.url, '--file', file, '--journal', newFile()]
      for (const answer of ['n\n', '\n', '\u0004']) {
        const refusing = inTerminal(args)
        await refusing.until(
          /The target has 1 keys\. Keys of the same name stay\. Continue\? \(y\/N\) /,
        )
        refusing.type(answer)
        expect(await refusing.outcome).toMatchObject({
          code: 1,
          output: expect.stringContaining('error: nothing was written'),
        })
        expect(await rawTarget.dbsize()).toBe(1)
      }
      const accepting = inTerminal([...args, '--conflict', 'replace'])
      await accepting.until(/Keys of the same name are replaced\. Continue/)
      accepting.type('y\n')
      expect(await accepting.outcome).toMatchObject({ code: 0 })
      expect(await rawTarget.get('key:1')).toBe('value 1')
    },
    LIMIT,
  )
})

describe('without a terminal', () => {
  test(
    'a run that can replace keys of the target needs --yes, and changes nothing without it',
    async () => {
      await rawTarget.set('key:1', 'mine')
      const args = ['copy', '--conflict', 'replace', '--journal', newFile()]
      expect(runPlain(args)).toMatchObject({
        status: 2,
        stdout: '',
        stderr: 'error: --yes must be given to replace keys; the target has 1 keys\n',
      })
      expect(await rawTarget.get('key:1')).toBe('mine')
      expect(await rawTarget.dbsize()).toBe(1)
      expect(runPlain([...args, '--yes'])).toMatchObject({ status: 0 })
      expect(await rawTarget.get('key:1')).toBe('value 1')
    },
    LIMIT,
  )

  test(
    'a run that only adds keys, a dry run and an empty target need no --yes',
    async () => {
      expect(runPlain(['copy', '--conflict', 'replace', '--journal', newFile()])).toMatchObject({
        status: 0,
      })
      expect(runPlain(['copy', '--conflict', 'replace', '--dry-run'])).toMatchObject({ status: 0 })
      expect(runPlain(['copy', '--journal', newFile()])).toMatchObject({ status: 0 })
    },
    LIMIT,
  )
})

interface Terminal {
  /** Resolves when the output matches. */
  until(pattern: RegExp): Promise<void>
  type(keys: string): void
  readonly outcome: Promise<{ readonly code: number; readonly output: string }>
}

/** Runs the command in a pseudo-terminal of its own. */
function inTerminal(args: readonly string[]): Terminal {
  const command = [process.execPath, PROGRAM, ...args].map((word) => `'${word}'`).join(' ')
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    env: { PATH: process.env['PATH'], TERM: 'xterm', ...environment },
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  return {
    until: async (pattern) => {
      while (!pattern.test(output) && child.exitCode === null) {
        await Promise.race([once(child.stdout, 'data'), once(child, 'close')])
      }
    },
    type: (keys) => void child.stdin.write(keys),
    outcome: once(child, 'close').then(([code]) => ({ code: code as number, output })),
  }
}

function runPlain(args: readonly string[]) {
  return spawnSync(process.execPath, [PROGRAM, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...environment },
  })
}
