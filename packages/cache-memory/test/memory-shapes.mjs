// Prints the memory of values of each shape, and the estimate. Runs in a process of its own, with --expose-gc.
import { estimateBytes } from '@verbatim/cache-memory'

const random = (() => {
  let state = 12_345
  return () => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) / 0x7fffffff
})()
const text = (length) => {
  let made = ''
  while (made.length < length) made += Math.floor(random() * 36 ** 8).toString(36)
  return Buffer.from(made.slice(0, length)).toString('latin1')
}
const wide = (length) => Buffer.from('日本語'.repeat(length / 3) + text(3)).toString()
const range = (length, make) => Array.from({ length }, (_, index) => make(index))
const json = (value) => JSON.parse(JSON.stringify(value))

const SHAPES = {
  'one-byte text of 100': () => text(100),
  'one-byte text of 20': () => text(20),
  'one-byte text of 10 kB': () => text(10_000),
  'two-byte text of 300': () => wide(300),
  'a small flat object': (i) => ({ id: i, name: text(12), active: true, score: i / 3 }),
  'a parsed API response': (i) =>
    json({
      id: i,
      name: text(16),
      email: text(24),
      tags: [text(12), text(12)],
      address: { city: text(12), zip: text(6), at: { lat: i / 7, lng: i / 9 } },
    }),
  'a list of records': (i) =>
    range(30, (index) => ({ id: index, title: text(20), price: index * 1.1, rank: i })),
  'a parsed list of records': (i) =>
    json(range(200, (index) => ({ id: index, title: text(20), price: index * 1.1, rank: i }))),
  'small integers': () => range(1_000, (index) => index),
  'doubles (an embedding)': () => range(768, () => random() - 0.5),
  'numbers and texts mixed': () => range(200, (index) => (index % 2 ? random() : text(15))),
  'texts in an array': () => range(100, () => text(40)),
  'short texts in an array': () => range(100, () => text(7)),
  'a nested array': () => range(20, () => range(20, (index) => index)),
  'a map of texts': () => new Map(range(100, () => [text(16), text(24)])),
  'a map of records': () => new Map(range(40, (index) => [index, { id: index, name: text(20) }])),
  'a set of numbers': () => new Set(range(200, (index) => index * 3)),
  'a set of texts': () => new Set(range(150, () => text(20))),
  dates: () => range(20, (index) => new Date(index * 1e9 + random() * 1e6)),
  'a small Buffer of the pool': () => Buffer.from(text(200)),
  'a Buffer of 20 kB': () => Buffer.alloc(20_000, 1),
  'a typed array of 100 floats': () => new Float32Array(100),
  'an object with 200 names of its own': () =>
    Object.fromEntries(range(200, (index) => [text(12), index])),
  'an object without prototype': () =>
    Object.assign(Object.create(null), { a: text(20), b: text(20), c: 1 }),
  'shared parts': () => {
    const part = { text: text(500), list: range(20, (index) => ({ index })) }
    return { a: part, b: part, c: part, d: [part, part, part] }
  },
  'a tree': () => {
    const tree = (depth) =>
      depth === 0 ? { leaf: text(15) } : { left: tree(depth - 1), right: tree(depth - 1) }
    return tree(6)
  },
  'nulls and booleans': () => range(100, (index) => (index % 3 ? null : true)),
  URLs: () => range(5, () => new URL(`https://example.org/${text(30)}?q=${text(10)}`)),
  bigints: () => range(50, (index) => 2n ** 100n + BigInt(index)),
  'an empty object': () => ({}),
  'a chat answer': (i) =>
    json({
      id: text(24),
      model: 'large',
      choices: [
        { index: 0, message: { role: 'assistant', content: text(1_500) }, finish_reason: 'stop' },
      ],
      usage: { prompt_tokens: i, completion_tokens: 500, total_tokens: i + 500 },
    }),
  'a long list with one large text': () => [...range(400, (index) => index), text(20_000)],
}

const used = () => {
  for (let round = 0; round < 4; round++) globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  // `external` includes array buffers.
  return heapUsed + external
}

const results = {}
for (const [name, make] of Object.entries(SHAPES)) {
  const sample = make(0)
  const count = Math.max(1_000, Math.min(20_000, Math.round(2e6 / (estimateBytes(sample) + 8))))
  const values = Array.from({ length: count })
  const before = used()
  for (let index = 0; index < count; index++) values[index] = make(index)
  const actual = (used() - before) / count
  let estimated = 0
  for (const value of values) estimated += estimateBytes(value) / count
  results[name] = {
    actual: Math.round(actual),
    estimated: Math.round(estimated),
    ratio: estimated / actual,
  }
}
console.log(JSON.stringify(results))
