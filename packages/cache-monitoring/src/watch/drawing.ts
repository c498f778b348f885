import { CONTROL_CHARACTERS } from '@verbatim/cache-core/implement'

const STEPS = '▁▂▃▄▅▆▇█'

/** Returns a line with one bar for each value, and a space for a missing value. */
export function sparkline(values: readonly (number | undefined)[], most?: number): string {
  const highest = most ?? Math.max(0, ...values.map((value) => value ?? 0))
  return values
    .map((value) => {
      if (value === undefined) return ' '
      const share = highest === 0 ? 0 : Math.min(1, value / highest)
      return STEPS[Math.round(share * (STEPS.length - 1))]
    })
    .join('')
}

/** Returns a bar that is filled up to a share from 0 to 1. */
export function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width)
  return '█'.repeat(filled) + '░'.repeat(width - filled)
}

/** Formats a duration, as in `850 ns`, `12 µs`, `1.2 ms` and `3.4 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds === Number.POSITIVE_INFINITY) return 'more'
  if (seconds < 1e-6) return `${(seconds * 1e9).toFixed(0)} ns`
  if (seconds < 1e-3) return `${precise(seconds * 1e6)} µs`
  if (seconds < 1) return `${precise(seconds * 1e3)} ms`
  return `${precise(seconds)} s`
}

/** Formats bytes in units of 1,024, as in `512 B`, `12.3 KB` and `1.5 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${precise(bytes / 1_024 ** step)} ${units[step]}`
}

export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** Removes line breaks and escape sequences, which could control the terminal. */
export function printable(text: string): string {
  return text.replaceAll(CONTROL_CHARACTERS, '')
}

function precise(value: number): string {
  return value < 10 && !Number.isInteger(value) ? value.toFixed(1) : value.toFixed(0)
}
