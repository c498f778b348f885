import { createConnection } from 'node:net'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { expect, vi } from 'vitest'

const ADVANCES_EPOCH = new Set(['evalsha', 'eval', 'incr'])

/** A line of MONITOR: time, database, source of the command, and its words. */
const LINE = /^\+[\d.]+ \[\d+ (\S+)\] "([^"]*)"(.*)$/

/**
 * Returns the commands that a server receives during a task, except heartbeats and epochs.
 *
 * It watches over a plain socket: the client library fails when a command arrives just as MONITOR begins.
 *
 * @param url - of a user who may watch
 */
export async function commandsFor(url: string, work: () => Promise<unknown>): Promise<string[]> {
  const received: string[] = []
  const client = new Redis(url)
  const { hostname, port, username, password } = new URL(url)
  const watcher = createConnection({ host: hostname, port: Number(port) })
  const lines = createInterface({ input: watcher })
  const requests = [...(username === '' ? [] : [`AUTH ${username} ${password}`]), 'MONITOR']
  let replies = requests.length
  const isWatching = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      if (line === '+OK' && --replies === 0) resolve()
      const [, source, word = '', rest = ''] = LINE.exec(line) ?? []
      const name = word.toLowerCase()
      // An epoch follows some time after a change.
      const isEpoch = ADVANCES_EPOCH.has(name) && rest.includes('}epoch"')
      // The commands in a script are not commands of a client.
      if (name !== '' && source !== 'lua' && name !== 'ping' && !isEpoch) received.push(name)
    })
  })
  watcher.write(requests.map((request) => `${request}\r\n`).join(''))
  await isWatching
  await work()
  await client.echo('the end')
  await vi.waitFor(() => expect(received).toContain('echo'))
  client.disconnect()
  watcher.destroy()
  return received.filter((name) => !['echo', 'info', 'hello', 'client', 'auth'].includes(name))
}
