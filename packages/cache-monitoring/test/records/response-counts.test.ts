import { describe, expect, test } from 'vitest'
import { CachePerformanceMonitor } from '../../src/index.js'

describe('getResponseFigures', () => {
  test('counts all lookups, and retains the newest thousand in their order', () => {
    const monitor = new CachePerformanceMonitor()
    for (let milliseconds = 1; milliseconds <= 2_500; milliseconds++) {
      monitor.observeResponse('qa', undefined, 'hit', milliseconds, 'small')
    }
    const { byOperation, byTextSize, recent } = monitor.getResponseFigures()
    expect(byOperation.get('qa')).toMatchObject({ hit: 2_500, miss: 0, stored: 0 })
    expect(byTextSize).toMatchObject({ small: { hit: 2_500 }, medium: { hit: 0 } })
    expect(recent.map(({ milliseconds }) => milliseconds)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => 1_501 + index),
    )
    expect(recent[0]).toEqual({
      operation: 'qa',
      textSize: 'small',
      outcome: 'hit',
      milliseconds: 1_501,
    })
  })

  test('names the first hundred operations as the application does', () => {
    const monitor = new CachePerformanceMonitor()
    for (let index = 0; index < 150; index++) {
      monitor.observeResponse(`operation no. ${index}`, undefined, 'miss', 1, 'small')
    }
    const { byOperation, recent } = monitor.getResponseFigures()
    expect(byOperation.size).toBe(101)
    expect(byOperation.get('operation no. 0')?.miss).toBe(1)
    expect(byOperation.get('other')?.miss).toBe(50)
    expect(recent.at(-1)?.operation).toBe('other')
  })

  test('counts no text size for a lookup without one, or with an unknown one', () => {
    const monitor = new CachePerformanceMonitor()
    monitor.observeResponse('qa', undefined, 'hit', 1)
    monitor.observeResponse('qa', undefined, 'hit', 1, 'huge' as never)
    const { byOperation, byTextSize, recent } = monitor.getResponseFigures()
    expect(byOperation.get('qa')?.hit).toBe(2)
    expect(Object.values(byTextSize).map(({ hit }) => hit)).toEqual([0, 0, 0, 0])
    expect(recent.map(({ textSize }) => textSize)).toEqual([undefined, undefined])
  })

  test('returns a copy that later lookups do not change', () => {
    const monitor = new CachePerformanceMonitor()
    const observe = (): void => monitor.observeResponse('qa', undefined, 'hit', 1, 'small')
    observe()
    const figures = monitor.getResponseFigures()
    observe()
    expect(figures.byOperation.get('qa')?.hit).toBe(1)
    expect(figures.byTextSize.small.hit).toBe(1)
    expect(figures.recent).toHaveLength(1)
  })

  test('is empty after resetStats', () => {
    const monitor = new CachePerformanceMonitor()
    monitor.observeResponse('qa', undefined, 'stored', 1, 'small')
    monitor.resetStats()
    const { byOperation, recent } = monitor.getResponseFigures()
    expect([byOperation.size, recent.length]).toEqual([0, 0])
  })
})
