/** The number of operations that are counted by name. The rest count as `'other'`. */
const MOST_OPERATIONS = 100
const OTHER_OPERATIONS = 'other'

/** Returns the name under which an operation is counted. The number of names is bounded, because callers choose them. */
export function countedName(operation: string, counted: ReadonlyMap<string, unknown>): string {
  return counted.has(operation) || counted.size < MOST_OPERATIONS ? operation : OTHER_OPERATIONS
}
