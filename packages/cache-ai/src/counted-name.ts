/** The most operations that are told apart; the others count as one. */
const MOST_OPERATIONS = 100
const OTHER_OPERATIONS = 'other'

/** Returns the name by which an operation is counted, given those that were: names come from callers. */
export function countedName(operation: string, counted: ReadonlyMap<string, unknown>): string {
  return counted.has(operation) || counted.size < MOST_OPERATIONS ? operation : OTHER_OPERATIONS
}
