import type { ConfigProblem } from './problems.js'
import { dotted, type FieldPath } from './validate-config.js'

/** Where something begins in a file. Both count from 1. */
export interface FilePlace {
  readonly line: number
  readonly column: number
}

/** A field or a list item of a file, and what is inside. */
export class FileNode {
  readonly #place: FilePlace
  readonly #inside = new Map<PropertyKey, FileNode>()

  constructor(place: FilePlace) {
    this.#place = place
  }

  /**
   * Adds a field or an item.
   *
   * @returns `undefined`, or the place of an earlier one of the same name
   */
  add(name: PropertyKey, node: FileNode): FilePlace | undefined {
    const earlier = this.#inside.get(name)
    if (earlier !== undefined) return earlier.#place
    this.#inside.set(name, node)
    return undefined
  }

  /** Returns the place of a value, or of what is nearest around it. */
  locate(path: FieldPath): FilePlace {
    const [name, ...rest] = path
    const inside = name === undefined ? undefined : this.#inside.get(name)
    return inside === undefined ? this.#place : inside.locate(rest)
  }
}

/** Returns the problem of a field that a file has twice. */
export function repeatedField(
  path: FieldPath,
  place: FilePlace,
  earlier: FilePlace,
): ConfigProblem {
  return { path: dotted(path), message: `is set twice, first on line ${earlier.line}`, ...place }
}
