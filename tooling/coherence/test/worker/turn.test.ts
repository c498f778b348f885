import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Turn } from '../../src/worker/turn.js'

test('a turn ends after all promises are settled', async () => {
  const turn = new Turn()
  expect(turn.startedAt(1)).toBe(1)
  for (let step = 0; step < 10; step++) await Promise.resolve()
  expect(turn.startedAt(2)).toBe(1)
  await nextTurn()
  expect(turn.startedAt(3)).toBe(3)
})
