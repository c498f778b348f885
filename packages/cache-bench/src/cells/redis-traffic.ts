import type { Redis } from 'ioredis'
import type { Figure } from './run-report.js'

const CALLS = 200

/** Counters of the server since its start. */
interface Counters {
  readonly commands: number
  /** Bytes that the server received. */
  readonly input: number
  /** Bytes that the server sent. */
  readonly output: number
  /** Time that the processors spent in the server, in seconds. */
  readonly cpuSeconds: number
}

/**
 * Returns the commands and bytes of one call, from the counters of the server. Commands inside of a script count,
 * too. The figures are exact only while no other program uses the server.
 */
export async function trafficPerCall(redis: Redis, call: () => unknown): Promise<Figure[]> {
  // The counters count the command that reads them too, so that cost is measured first.
  const idle = await readCounters(redis)
  const before = await readCounters(redis)
  for (let count = 0; count < CALLS; count++) await call()
  const after = await readCounters(redis)
  const perCall = (counter: keyof Counters): number => {
    const own = before[counter] - idle[counter]
    return Math.max(0, after[counter] - before[counter] - own) / CALLS
  }
  return [
    { name: 'commands', unit: 'count', better: 'lower', value: perCall('commands') },
    { name: 'bytes sent', unit: 'bytes', better: 'lower', value: perCall('input') },
    { name: 'bytes received', unit: 'bytes', better: 'lower', value: perCall('output') },
  ]
}

export async function readCounters(redis: Redis): Promise<Counters> {
  const info = await redis.info()
  const read = (name: string): number =>
    Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? 0)
  return {
    commands: read('total_commands_processed'),
    input: read('total_net_input_bytes'),
    output: read('total_net_output_bytes'),
    cpuSeconds: read('used_cpu_user') + read('used_cpu_sys'),
  }
}
