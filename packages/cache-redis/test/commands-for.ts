import { Redis } from 'ioredis'
import { expect, vi } from 'vitest'

const ADVANCES_EPOCH = new Set(['evalsha', 'eval', 'fcall', 'incr'])

/** Returns the commands that a server gets during a task, without heartbeats and epochs. */
export async function commandsFor(url: string, work: () => Promise<unknown>): Promise<string[]> {
  const seen: string[] = []
  const client = new Redis(url)
  const watcher = await client.monitor()
  watcher.on('monitor', (_time: string, args: string[], source: string) => {
    const name = args[0]?.toLowerCase() ?? ''
    // A change is followed by an epoch some time later.
    const isEpoch = ADVANCES_EPOCH.has(name) && args.some((arg) => arg.endsWith('}epoch'))
    // What programs do inside Redis is no command of a client.
    if (source !== 'lua' && name !== 'ping' && !isEpoch) seen.push(name)
  })
  await work()
  await client.echo('the end')
  await vi.waitFor(() => expect(seen).toContain('echo'))
  client.disconnect()
  watcher.disconnect()
  return seen.filter((name) => !['echo', 'info', 'hello', 'client'].includes(name))
}
