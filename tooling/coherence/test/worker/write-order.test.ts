import { expect, test } from 'vitest'
import { KeyTurns } from '../../src/worker/key-turns.js'
import { Versions } from '../../src/worker/versions.js'

test('versions are numbered per key and must be issued in order', () => {
  const versions = new Versions(3, [0, 0])
  const [first, second, other] = [versions.next(0), versions.next(0), versions.next(1)]
  expect([first, second, other].map(({ number }) => number)).toEqual([1, 2, 1])
  expect(first.writer).toBe(3)
  versions.issue(1, other)
  versions.issue(0, second)
  expect(() => versions.issue(0, first)).toThrow('out of order')
})

test('turns run one task at a time per key, even after failures', async () => {
  const turns = new KeyTurns()
  const log: string[] = []
  const work =
    (name: string, fails = false) =>
    async (): Promise<void> => {
      log.push(`${name} begins`)
      await new Promise((resolve) => setTimeout(resolve, 5))
      log.push(`${name} ends`)
      if (fails) throw new Error(name)
    }
  await Promise.allSettled([
    turns.run([1], work('a', true)),
    turns.run([1, 2], work('b')),
    turns.run([2], work('c')),
    turns.run([3], work('elsewhere')),
  ])
  expect(log.filter((entry) => !entry.startsWith('elsewhere'))).toEqual(
    ['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]),
  )
  expect(log.indexOf('elsewhere begins')).toBeLessThan(log.indexOf('a ends'))
})
