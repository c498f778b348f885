import { CONTROL_CHARACTERS } from '@verbatim/cache-core'

/** A duration as people read it: `850 ns`, `12 µs`, `1.2 ms`, `3.4 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds === Number.POSITIVE_INFINITY) return 'more'
  if (seconds < 1e-6) return `${(seconds * 1e9).toFixed(0)} ns`
  if (seconds < 1e-3) return `${precise(seconds * 1e6)} µs`
  if (seconds < 1) return `${precise(seconds * 1e3)} ms`
  return `${precise(seconds)} s`
}

/** As `512 B`, `12.3 KB`, `1.5 MB`, in units of 1,024. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${precise(bytes / 1_024 ** step)} ${units[step]}`
}

export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** Returns a text that cannot control the terminal: without line breaks and escape sequences. */
export function printable(text: string): string {
  return text.replaceAll(CONTROL_CHARACTERS, '')
}

function precise(value: number): string {
  return value < 10 && !Number.isInteger(value) ? value.toFixed(1) : value.toFixed(0)
}
