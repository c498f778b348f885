import { median } from '../harness/confidence.js'
import { measureOperation } from '../harness/measure-operation.js'

/**
 * Returns the duration of a fixed computation in nanoseconds. Two processes on the same machine can be compared
 * by their ratios to it, even if the machine was busier during one of them.
 */
export async function referenceDuration(): Promise<number> {
  const numbers = new Map(Array.from({ length: 1_000 }, (_, index) => [`key:${index}`, index]))
  let call = 0
  const operation = (): number => {
    let sum = 0
    for (let step = 0; step < 10; step++) sum += numbers.get(`key:${call++ % 1_000}`) ?? 0
    return sum
  }
  const { samplesNs } = await measureOperation(operation, { budgetMs: 20, warmupMs: 100 })
  return median(samplesNs)
}
