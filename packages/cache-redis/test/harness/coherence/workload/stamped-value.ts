import type { VersionId } from '../checker/version.js'

/** A value that tells whose it is. */
export interface StampedValue extends VersionId {
  readonly key: number
  readonly padding: string
}

/** Compressed by the cache; the larger ones outside of the event loop, so that they are overtaken. */
const MEDIUM = 'medium '.repeat(300)
const LARGE = 'large '.repeat(12_000)

/** The same for the same version, wherever it is made. */
export function stampedValue(key: number, { writer, number }: VersionId): StampedValue {
  return { key, writer, number, padding: paddingOf(number) }
}

function paddingOf(number: number): string {
  if (number % 101 === 0) return LARGE
  return number % 5 === 0 ? MEDIUM : ''
}
