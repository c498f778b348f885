import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from '../../src/codec/json.js'
import { Assembly, cut, type Piece } from '../../src/codec/workers/pieces.js'

describe('an assembly of pieces is the value again', () => {
  const shapes: ((rows: Json[]) => Json)[] = [
    (rows) => rows,
    (rows) => Object.fromEntries(rows.map((row, index) => [`row ${index}`, row])),
    (rows) => ({ first: 1, inside: { deep: [0, rows, 2], again: rows }, last: null }),
    (rows) => [[[rows]], rows],
    (rows) => ({ $$escaped: rows, $name: rows }),
  ]

  test('for any value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...shapes), (item, shape) => {
        const row = Array.from({ length: 200 }, () => item as Json)
        const json = shape(Array.from({ length: 200 }, () => row))
        expect(JSON.stringify(assembled(cut(json)))).toBe(JSON.stringify(json))
      }),
      { numRuns: 25 },
    )
  })

  test.each([[null], [0], ['text'], [[]], [{}], [[[], {}]]])('%j', (json: Json) => {
    expect(assembled(cut(json))).toStrictEqual(json)
  })

  test('a property called __proto__', () => {
    const large = JSON.stringify(Array.from({ length: 100_000 }, (_, index) => index))
    const json = JSON.parse(`{"__proto__": {"list": ${large}}, "after": 1}`) as Json
    const whole = assembled(cut(json)) as object
    expect(Object.getPrototypeOf(whole)).toBe(Object.prototype)
    expect(JSON.stringify(whole)).toBe(JSON.stringify(json))
  })

  test('after another was left unfinished', () => {
    const whole = new Assembly()
    const [first, second] = cut(Array.from({ length: 100_000 }, () => 1)) as Iterable<Piece>
    for (const piece of [first, second]) if (piece !== undefined) whole.add(piece)
    for (const piece of cut(['another'])) whole.add(piece)
    expect(whole.take()).toStrictEqual(['another'])
  })
})

describe('pieces', () => {
  test('are of a size, except for what cannot be cut', () => {
    const json = { rows: Array.from({ length: 100_000 }, (_, id) => ({ id, list: [id] })) }
    const sizes = [...cut(json)].map(({ content }) => JSON.stringify(content).length)
    expect(sizes.length).toBeGreaterThan(10)
    expect(Math.max(...sizes)).toBeLessThan((2 * JSON.stringify(json).length) / sizes.length)
  })

  test('are whole where a tag stands for their container', () => {
    const map = { $map: Array.from({ length: 100_000 }, (_, id) => [id, id]) }
    const pieces = [...cut([map])]
    expect(pieces.at(-1)?.content).toStrictEqual([map])
  })
})

function assembled(pieces: Iterable<Piece>): unknown {
  const whole = new Assembly()
  for (const piece of pieces) whole.add(structuredClone(piece))
  return whole.take()
}
