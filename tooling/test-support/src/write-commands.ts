import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'

/**
 * Runs a task and returns the names of the write commands that Redis executed for new clients, including
 * commands in scripts. It ignores clients from before the task, because every open cache updates its
 * epoch from time to time. The names come from MONITOR and COMMAND.
 */
export async function writeCommandsDuring(
  redisUrl: string,
  raw: Redis,
  task: () => Promise<unknown>,
): Promise<string[]> {
  const clients = String(await raw.call('CLIENT', 'LIST'))
  const earlier = new Set(Array.from(clients.matchAll(/ addr=(\S+)/g), ([, address]) => address))
  // ioredis fails if Redis reports a command before the reply to MONITOR, so this uses a socket.
  const { hostname, port } = new URL(redisUrl)
  const socket = connect(Number(port), hostname)
  let report = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    report += text
  })
  socket.write('MONITOR\r\n')
  while (!report.includes('+OK\r\n')) await sleep(5)
  try {
    await task()
    // MONITOR reports commands in order, so this command marks the end.
    await raw.echo('end of the task')
    while (!report.includes('"end of the task"')) await sleep(5)
  } finally {
    socket.destroy()
  }
  const table = (await raw.call('COMMAND')) as [name: string, arity: number, flags: string[]][]
  const writing = new Set(
    table.filter(([, , flags]) => flags.includes('write')).map(([name]) => name),
  )
  const executed = Array.from(report.matchAll(/^\+\S+ \[\d+ (\S+)\] "([^"]+)"(.*)$/gm))
  const ofNewClients = executed.filter(([, source]) => !earlier.has(source))
  // MONITOR reports commands in scripts as `lua`, without the client. Earlier clients update their epoch so.
  const isOfEpoch = ([, source, , args = '']: readonly string[]): boolean =>
    source === 'lua' && args.endsWith('}epoch"')
  const countsEpoch = ofNewClients.some(([, , , args = '']) => / "1" "[^"]*\}epoch"$/.test(args))
  const names = ofNewClients
    .filter((command) => countsEpoch || !isOfEpoch(command))
    .map(([, , name = '']) => name.toLowerCase())
  return [...new Set(names)].filter((name) => writing.has(name))
}
