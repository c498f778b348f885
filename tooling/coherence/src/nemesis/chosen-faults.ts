import type { Fault } from './fault.js'

/**
 * Returns the faults whose names start with one of the given texts.
 *
 * @param names - all faults when undefined
 * @throws Error for a text with which no name starts
 */
export function chosenFaults(
  faults: readonly Fault[],
  names: readonly string[] | undefined,
): readonly Fault[] {
  if (names === undefined) return faults
  for (const name of names) {
    if (faults.some((fault) => fault.name.startsWith(name))) continue
    const known = faults.map((fault) => fault.name).join(', ')
    throw new Error(`there is no fault ${name}; the faults are: ${known}`)
  }
  return faults.filter((fault) => names.some((name) => fault.name.startsWith(name)))
}
