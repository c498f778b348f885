// Correct caches whose `get` computes. The first of each pair is the baseline, the second has a planted slow-down.
// STEPS and SLOWER_STEPS are numbers of steps for a `get` of 1 µs and of 1.1 µs; regressions.mjs measures them.
const STEPS = Number(process.env.STEPS ?? 650)
const SLOWER_STEPS = Number(process.env.SLOWER_STEPS ?? 715)
const TAIL_STEPS = 100 * STEPS
/** 2 % of the calls are the tail. */
const CALLS_PER_TAIL = 50

function compute(count) {
  let state = count
  for (let step = 0; step < count; step++) state = Math.imul(state ^ step, 0x9e3779b1)
  return state
}

/** @param {(call: number) => number} stepsOf returns the number of steps of a call */
const variant = (stepsOf) => ({
  tier: 'memory',
  create: ({ ttlMs, maxSize }) => {
    const entries = new Map()
    let calls = 0
    let computed = 0
    return {
      get: async (key) => {
        computed ^= compute(stepsOf(++calls))
        const entry = entries.get(key)
        return entry !== undefined && entry.expiresAt > performance.now() ? entry.value : undefined
      },
      set: async (key, value) => {
        entries.delete(key)
        entries.set(key, { value, expiresAt: performance.now() + ttlMs })
        if (entries.size > maxSize) entries.delete(entries.keys().next().value)
        return computed
      },
    }
  },
})

/** @param {number} tailSteps */
const withTail = (tailSteps) => variant((call) => (call % CALLS_PER_TAIL === 0 ? tailSteps : STEPS))

export const variants = {
  'one microsecond': variant(() => STEPS),
  'one microsecond, 10 % slower': variant(() => SLOWER_STEPS),
  'with a tail': withTail(TAIL_STEPS),
  'with a tail, its tail 30 % slower': withTail(1.3 * TAIL_STEPS),
}

/** Returns a `get` with a number of steps, for the calibration. */
export const getOf = (steps) => {
  const { get } = variant(() => steps).create({ ttlMs: 1e9, maxSize: 1 })
  return () => get('key')
}
