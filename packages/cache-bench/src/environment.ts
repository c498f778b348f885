import { availableParallelism, cpus } from 'node:os'

/** What a figure was measured on. Figures from different environments cannot be compared. */
export interface Environment {
  /** Such as `'linux x64'`. */
  readonly platform: string
  /** Such as `'Node.js 22.3.0'`. */
  readonly runtimeVersion: string
  readonly processor: string
  /** Processors that this process may use. */
  readonly cpuCount: number
}

export function currentEnvironment(): Environment {
  return {
    platform: `${process.platform} ${process.arch}`,
    runtimeVersion: `Node.js ${process.versions.node}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cpuCount: availableParallelism(),
  }
}
