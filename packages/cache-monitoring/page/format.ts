const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const fine = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })

/** Shown for a figure that is not known. */
export const UNKNOWN = '–'

export function count(value: number | undefined): string {
  return value === undefined ? UNKNOWN : whole.format(value)
}

export function rate(value: number): string {
  return value >= 100 ? whole.format(value) : fine.format(value)
}

export function percent(value: number | undefined): string {
  return value === undefined ? UNKNOWN : `${value.toFixed(1)} %`
}

/** Formats a duration in milliseconds with the unit that fits. */
export function duration(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return UNKNOWN
  if (milliseconds === 0) return '0'
  if (milliseconds < 1) return `${fine.format(milliseconds * 1000)} µs`
  if (milliseconds < 1000) return `${fine.format(milliseconds)} ms`
  const seconds = milliseconds / 1000
  if (seconds < 60) return `${fine.format(seconds)} s`
  return longDuration(seconds)
}

/** Formats seconds of a minute or more in two units. */
function longDuration(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const
  const first = units.findIndex(([, size]) => seconds >= size)
  const shown = units.slice(first, first + 2)
  let rest = seconds
  const parts = shown.map(([unit, size]) => {
    const amount = Math.floor(rest / size)
    rest -= amount * size
    return amount === 0 ? '' : `${amount} ${unit}`
  })
  return parts.filter((part) => part !== '').join(' ')
}

/** Formats seconds until the end of a TTL. */
export function ttl(seconds: number | null | undefined): string {
  if (seconds === undefined) return UNKNOWN
  if (seconds === null) return 'never expires'
  return duration(seconds * 1000)
}

export function bytes(value: number | undefined): string {
  if (value === undefined) return UNKNOWN
  if (value < 1024) return `${whole.format(value)} B`
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(Math.floor(Math.log2(value) / 10), units.length)
  return `${fine.format(value / 1024 ** power)} ${units[power - 1]}`
}

export function time(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString('en-GB')
}

export function dateAndTime(milliseconds: number): string {
  return new Date(milliseconds).toLocaleString('en-GB')
}

/** Controls, and characters without width or with another direction. Emoji and Persian need the other joiners. */
const INVISIBLE = /[\p{Cc}\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu

/** Returns a text in which its invisible characters can be seen. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    if (character === '\n') return '↵'
    return character === '\t' ? '⇥' : `⟨${character.charCodeAt(0).toString(16)}⟩`
  })
}
