// One cell: one measurement of one cache, in this process and no other. Prints a figure as JSON.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { CONTENDERS } from './contenders.mjs'

const KEYS = 1_000
const CALLERS = 64
const WARM_UP_MS = 500
const MEASURED_MS = 1_000
/** How long a call to a frozen server is waited for. */
const PATIENCE_MS = 6_000

const [, , measurement, name, tunedText, portText, pidText] = process.argv
const port = Number(portText)
const tuned = tunedText === 'true'

/** Returns a value of 1 KB as JSON. */
const valueOf = (index) => ({
  id: index,
  text: `An answer that somebody waited for. ${'It goes on for a while. '.repeat(38)}`,
})

/** @type {Record<string, () => Promise<number>>} */
const MEASUREMENTS = {
  'hit in memory': async () => {
    const { cache, keys } = await filled(true)
    return rate(keys, (key) => cache.get(key), { callers: 1, clockEvery: 1_000 })
  },
  'get from Redis': async () => {
    const { cache, keys } = await filled(false)
    return rate(keys, (key) => cache.get(key), { callers: CALLERS, clockEvery: 10 })
  },
  'set in Redis': async () => {
    const { cache, keys } = await filled(false)
    const value = valueOf(1)
    const set = (key) => cache.set(key, value).then(() => true)
    return rate(keys, set, { callers: CALLERS, clockEvery: 10 })
  },
  'getOrSet, Redis frozen': async () => {
    const { cache } = await filled(true)
    const load = async () => 'loaded'
    process.kill(Number(pidText), 'SIGSTOP')
    try {
      const startedAt = performance.now()
      const calls = Array.from({ length: 10 }, (_, index) => cache.getOrSet(`cold:${index}`, load))
      await Promise.race([Promise.allSettled(calls), sleep(PATIENCE_MS)])
      return performance.now() - startedAt
    } finally {
      process.kill(Number(pidText), 'SIGCONT')
    }
  },
}

/** @param {boolean} memory */
async function filled(memory) {
  const cache = await CONTENDERS[name].create({ port, memory, tuned })
  const keys = Array.from({ length: KEYS }, (_, index) => `article:${index}`)
  for (const [index, key] of keys.entries()) await cache.set(key, valueOf(index))
  // What was written is read once, so that it is in memory where that is how it gets there.
  await sleep(50)
  for (const key of keys) await cache.get(key)
  return { cache, keys }
}

/** Operations a second; each must find something. */
async function rate(keys, operation, { callers, clockEvery }) {
  await during(WARM_UP_MS)
  return during(MEASURED_MS)

  async function during(milliseconds) {
    const startedAt = performance.now()
    let operations = 0
    let endedAt = startedAt
    let next = 0
    const caller = async () => {
      do {
        for (let count = 0; count < clockEvery; count++) {
          const key = keys[next]
          next = next + 1 === keys.length ? 0 : next + 1
          if ((await operation(key)) === undefined) throw new Error(`${key} was not found`)
        }
        operations += clockEvery
        // A process that never turns to its sockets hears of no change, and so may not trust memory.
        await nextTurn()
        endedAt = performance.now()
      } while (endedAt - startedAt < milliseconds)
    }
    await Promise.all(Array.from({ length: callers }, caller))
    return (operations / (endedAt - startedAt)) * 1_000
  }
}

process.stdout.write(`${JSON.stringify(await MEASUREMENTS[measurement]())}\n`)
process.exit()
