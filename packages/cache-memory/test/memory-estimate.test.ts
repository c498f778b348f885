import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { estimateBytes, InMemoryCache } from '../src/index.js'

interface Measured {
  readonly actual: number
  readonly estimated: number
  readonly ratio: number
}

describe('the estimate of the memory of values', () => {
  let shapes: Readonly<Record<string, Measured>> = {}

  // Measures heap and external memory, with at least 1,000 values of each shape.
  beforeAll(async () => {
    const script = fileURLToPath(new URL('memory-shapes.mjs', import.meta.url))
    const args = ['--expose-gc', '--import', import.meta.resolve('tsx'), script]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    shapes = JSON.parse(stdout) as typeof shapes
  }, 120_000)

  test('is within a factor of two for more than twelve shapes of values', () => {
    expect(Object.keys(shapes).length).toBeGreaterThan(25)
    const wrong = Object.entries(shapes).filter(([, { ratio }]) => !(ratio > 0.5 && ratio < 2))
    expect(wrong).toEqual([])
  })
})

test.each<[name: string, value: unknown]>([
  ['a number', 5],
  ['null', null],
  ['undefined', undefined],
  ['true', true],
])('%s takes no memory besides its place', (_name, value) => {
  expect(estimateBytes(value)).toBe(0)
})

test('shared parts and cycles count once', () => {
  const part = { text: 'x'.repeat(10_000) }
  const once = estimateBytes({ a: part })
  expect(estimateBytes({ a: part, b: part, c: [part, part] })).toBeLessThan(once + 200)
  expect(estimateBytes(Array.from({ length: 1_000 }, () => part))).toBeLessThan(once + 9_000)
  const cycle: Record<string, unknown> = { part }
  cycle['self'] = [cycle]
  expect(estimateBytes(cycle)).toBeLessThan(once + 200)
})

test('a view counts as its whole buffer, and a pooled Buffer as its own bytes', () => {
  const large = Buffer.alloc(1_000_000)
  expect(estimateBytes(large.subarray(0, 10))).toBeGreaterThan(1_000_000)
  expect(estimateBytes([large.subarray(0, 10), large.subarray(10, 20)])).toBeLessThan(1_001_000)
  expect(estimateBytes(Buffer.from('abc'))).toBeLessThan(200)
})

test('one large text among many small parts is counted', () => {
  const parts = Array.from({ length: 1_000 }, (_, index) => index as unknown)
  parts[501] = 'x'.repeat(1_000_000)
  expect(estimateBytes(parts)).toBeGreaterThan(1_000_000)
})

test.each<[name: string, make: () => unknown, objects: number]>([
  ['a deep binary tree', () => tree(17, 2), 2 ** 18],
  ['a deep tree of arrays', () => arrays(6), 8 ** 6],
])('some thousand objects of %s represent all', (_name, make, objects) => {
  const bytesPerObject = estimateBytes(make()) / objects
  expect(bytesPerObject).toBeGreaterThan(24)
  expect(bytesPerObject).toBeLessThan(130)
})

test('an object of any depth is estimated', () => {
  let value: unknown[] = []
  for (let level = 1; level < 100_000; level++) value = [value]
  expect(estimateBytes(value)).toBeGreaterThan(20_000)
})

test('a cache of many entries takes at most twice the memory that it counts', async () => {
  const cache = new InMemoryCache({ maxSize: 20_000 })
  for (let index = 0; index < 20_000; index++) await cache.set(`key:${index}`, { id: index })
  const { bytes } = cache.getStats()
  expect(bytes).toBeGreaterThan(20_000 * 200)
  expect(bytes).toBeLessThan(20_000 * 400)
})

test('a cache occupies at most 64 MiB by default', async () => {
  const cache = new InMemoryCache({ maxSize: 1_000 })
  for (let index = 0; index < 100; index++) await cache.set(`key:${index}`, 'x'.repeat(2 ** 20))
  const { bytes, evictions, maxBytes } = cache.getStats()
  expect(maxBytes).toBe(64 * 2 ** 20)
  expect(bytes).toBeLessThanOrEqual(64 * 2 ** 20)
  expect(evictions).toBeGreaterThan(30)
})

function tree(depth: number, width: number): object {
  if (depth === 0) return { leaf: 1 }
  return Object.fromEntries(
    Array.from({ length: width }, (_, at) => [`n${at}`, tree(depth - 1, width)]),
  )
}

function arrays(depth: number): unknown[] {
  return depth === 0 ? [] : Array.from({ length: 8 }, () => arrays(depth - 1))
}
