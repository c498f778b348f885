// A correct cache whose `get` computes for about a microsecond. Variables make all calls, or only the slowest
// 2 %, slower by a number of percent.
const STEPS = 400
const TAIL_FACTOR = 100
const percent = (name) => 1 + Number(process.env[name] ?? 0) / 100
const steps = Math.round(STEPS * percent('SLOWER_PERCENT'))
const tailSteps = Math.round(STEPS * TAIL_FACTOR * percent('SLOWER_TAIL_PERCENT'))

function compute(count) {
  let state = count
  for (let step = 0; step < count; step++) state = Math.imul(state ^ step, 0x9e3779b1)
  return state
}

export default function create({ ttlMs, maxSize }) {
  const entries = new Map()
  let calls = 0
  let computed = 0
  return {
    get: async (key) => {
      computed ^= compute(++calls % 50 === 0 ? tailSteps : steps)
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
}
