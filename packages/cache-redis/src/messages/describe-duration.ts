const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** Writes a duration for people: `0.3 s`, `12 s`, `5 min 20 s`, `26 h 10 min`. */
export function describeDuration(milliseconds: number): string {
  if (milliseconds < 10 * SECOND_MS) return `${(milliseconds / SECOND_MS).toFixed(1)} s`
  const whole = Math.round(milliseconds / SECOND_MS) * SECOND_MS
  if (whole < MINUTE_MS) return `${whole / SECOND_MS} s`
  if (whole < HOUR_MS) {
    return `${Math.floor(whole / MINUTE_MS)} min ${(whole % MINUTE_MS) / SECOND_MS} s`
  }
  return `${Math.floor(whole / HOUR_MS)} h ${Math.floor((whole % HOUR_MS) / MINUTE_MS)} min`
}
