/** Whether numbers are such as can have been measured: finite, and not negative. */
export function areAmounts(...amounts: readonly unknown[]): boolean {
  for (const amount of amounts) {
    if (typeof amount !== 'number' || !(amount >= 0 && amount < Number.POSITIVE_INFINITY)) {
      return false
    }
  }
  return true
}
