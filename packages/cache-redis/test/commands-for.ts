import { Redis } from 'ioredis'
import { expect, vi } from 'vitest'

/** The commands that a server gets while something is done, but for heartbeats. */
export async function commandsFor(url: string, work: () => Promise<unknown>): Promise<string[]> {
  const seen: string[] = []
  const client = new Redis(url)
  const watcher = await client.monitor()
  watcher.on('monitor', (_time: string, args: string[], source: string) => {
    const name = args[0]?.toLowerCase() ?? ''
    // What programs do inside Redis is no command of a client.
    if (source !== 'lua' && name !== 'ping') seen.push(name)
  })
  await work()
  await client.echo('the end')
  await vi.waitFor(() => expect(seen).toContain('echo'))
  client.disconnect()
  watcher.disconnect()
  return seen.filter((name) => !['echo', 'info', 'hello', 'client'].includes(name))
}
