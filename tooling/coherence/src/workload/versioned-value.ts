import type { VersionId } from '../checker/version.js'

/** A value that contains its key and version, at both of its ends. */
export interface VersionedValue extends VersionId {
  readonly key: number
  readonly padding: string
}

/** Large enough for compression. */
const MEDIUM = 2_100
/** More than 64 KiB. It arrives in pieces, between other replies. */
const LARGE = 80_000
/** More than 1 MiB. Worker threads convert it, so that other operations finish earlier. */
const HUGE = 1_200_000

/** Returns the value of a version. It is the same in every process. */
export function versionedValue(key: number, id: VersionId): VersionedValue {
  const { writer, number } = id
  return { key, writer, number, padding: paddingOf(key, id) }
}

/** Returns whether a value belongs to the key and is complete. */
export function isValueOf(key: number, value: VersionedValue): boolean {
  if (value.key !== key) return false
  const { padding } = value
  const length = lengthOf(key, value)
  const label = labelOf(key, value)
  return (
    padding.length === Math.ceil(length / label.length) * label.length &&
    padding.startsWith(length === 0 ? '' : label) &&
    padding.endsWith(length === 0 ? '' : label)
  )
}

function paddingOf(key: number, id: VersionId): string {
  const label = labelOf(key, id)
  return label.repeat(Math.ceil(lengthOf(key, id) / label.length))
}

function labelOf(key: number, { writer, number }: VersionId): string {
  return `key ${key}, version ${writer}#${number}; `
}

/**
 * Returns the size of a value. One of sixteen keys has most of the huge values, so that a process
 * converts several at a time. They are few, because each takes a tenth of a second of all
 * processes.
 */
function lengthOf(key: number, { writer, number }: VersionId): number {
  const lot = number * 7 + writer * 3 + key
  if (lot % (key % 16 === 6 ? 49 : 4_999) === 5) return HUGE
  if (lot % 97 === 3) return LARGE
  return lot % 5 === 0 ? MEDIUM : 0
}
