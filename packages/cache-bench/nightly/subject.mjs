// Correct caches whose `get` computes. Variables make the calls slower by a number of percent.
const STEPS = 1_000
const TAIL_STEPS = 100_000
const percent = (name) => 1 + Number(process.env[name] ?? 0) / 100

function compute(count) {
  let state = count
  for (let step = 0; step < count; step++) state = Math.imul(state ^ step, 0x9e3779b1)
  return state
}

/** @param {(call: number) => number} stepsOf returns the steps that a call computes */
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

const steps = Math.round(STEPS * percent('SLOWER_PERCENT'))
const tailSteps = Math.round(TAIL_STEPS * percent('SLOWER_TAIL_PERCENT'))

export const variants = {
  'one microsecond': variant(() => steps),
  // 2 % of the calls take a hundred times as long as the others.
  'with a tail': variant((call) => (call % 50 === 0 ? tailSteps : STEPS)),
}
