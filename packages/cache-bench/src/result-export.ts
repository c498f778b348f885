import type { BenchmarkResult } from './benchmark-result.js'

/** A result under snake_case names, ready for `JSON.stringify`. */
export function exportResult(result: BenchmarkResult): Record<string, unknown> {
  return snakeCased(result)
}

function snakeCased(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      typeof value === 'object' && value !== null ? snakeCased(value) : value,
    ]),
  )
}
