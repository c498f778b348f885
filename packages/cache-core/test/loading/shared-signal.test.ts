import { getEventListeners, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { delay } from '../../src/implement.js'
import { ReferenceCache } from '../testkit/reference-cache.js'

test('a hundred calls with one signal share one listener and print no warning', async () => {
  const warnings: string[] = []
  const onWarning = ({ name }: Error): number => warnings.push(name)
  process.on('warning', onWarning)
  const cache = new ReferenceCache()
  const { signal } = new AbortController()
  const release = new AbortController()
  const released = once(release.signal, 'abort')
  const calls = Array.from({ length: 100 }, (_, index) =>
    cache.getOrSet(`part ${index}`, () => released.then(() => index), { signal }),
  )
  const delays = Array.from({ length: 100 }, () => delay(10, signal))
  await sleep(1)
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  release.abort()
  expect(await Promise.all(calls)).toHaveLength(100)
  await Promise.all(delays)
  await sleep(1)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  process.off('warning', onWarning)
  expect(warnings).toEqual([])
})

test('every call of an aborted signal is rejected with its reason', async () => {
  const cache = new ReferenceCache()
  const controller = new AbortController()
  const { signal } = controller
  const call = (key: string): Promise<unknown> =>
    cache.getOrSet(key, () => new Promise<string>(() => {}), { signal })
  const endings = Promise.allSettled(['a', 'a', 'b'].map(call))
  await sleep(1)
  controller.abort('gone')
  const gone = { status: 'rejected', reason: 'gone' }
  expect(await endings).toEqual([gone, gone, gone])
})
