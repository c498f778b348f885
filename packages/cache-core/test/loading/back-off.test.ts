import { expect, test } from 'vitest'
import { BackOff } from '../../src/loading/back-off.js'

test('a key that never failed is not paused', () => {
  const backOff = new BackOff()
  backOff.failed('other', 0)
  expect(backOff.isPaused('key', 0)).toBe(false)
})

test('each consecutive failure doubles the pause, from one second to one minute', () => {
  const backOff = new BackOff()
  let now = 5
  for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    backOff.failed('key', now)
    expect(backOff.isPaused('key', now)).toBe(true)
    expect(backOff.isPaused('key', now + pauseMs - 0.001)).toBe(true)
    now += pauseMs
    expect(backOff.isPaused('key', now)).toBe(false)
  }
})

test('a success ends the pause, and the next pause is the shortest again', () => {
  const backOff = new BackOff()
  backOff.failed('key', 0)
  backOff.failed('key', 0)
  backOff.succeeded('key')
  expect(backOff.isPaused('key', 0)).toBe(false)
  backOff.failed('key', 0)
  expect(backOff.isPaused('key', 1_000)).toBe(false)
})

test('a success of another key has no effect', () => {
  const backOff = new BackOff()
  backOff.failed('key', 0)
  backOff.succeeded('other')
  expect(backOff.isPaused('key', 0)).toBe(true)
})

test('above ten thousand keys, the key with the oldest failure is forgotten', () => {
  const backOff = new BackOff()
  for (let number = 0; number < 10_000; number++) backOff.failed(`key ${number}`, 0)
  expect(backOff.isPaused('key 0', 0)).toBe(true)
  // The first key fails again, so the second one is the oldest.
  backOff.failed('key 0', 0)
  expect(backOff.isPaused('key 1', 0)).toBe(true)
  backOff.failed('one too many', 0)
  expect(backOff.isPaused('key 1', 0)).toBe(false)
  for (const key of ['key 0', 'key 2', 'one too many']) {
    expect(backOff.isPaused(key, 0)).toBe(true)
  }
})
