/** Counts the numbers that are equal to another one that was counted before. */
export function repetitions(numbers: BigUint64Array): number {
  const sorted = numbers.toSorted()
  let found = 0
  for (let index = 1; index < sorted.length; index++) {
    if (sorted[index] === sorted[index - 1]) found++
  }
  return found
}
