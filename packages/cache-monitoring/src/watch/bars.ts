const STEPS = '▁▂▃▄▅▆▇█'

/** A line of bars, one for each value; a place without a value is empty. */
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

/** A bar of so many characters, filled up to a share from 0 to 1. */
export function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width)
  return '█'.repeat(filled) + '░'.repeat(width - filled)
}
