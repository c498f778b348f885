import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { TimeLimit } from '../../src/connection/time-limit.js'

const asIs = (error: unknown): unknown => error
const never = (): Promise<never> => new Promise(() => {})

test('answers and errors pass, the latter judged', async () => {
  const limit = new TimeLimit(1_000)
  expect(await limit.run(() => Promise.resolve(1), asIs)).toBe(1)
  const judged = limit.run(
    () => Promise.reject(new Error('raw')),
    (error) => new Error(`judged ${(error as Error).message}`),
  )
  await expect(judged).rejects.toThrow('judged raw')
})

test('each call has the whole time, from when it began', async () => {
  const limit = new TimeLimit(100)
  const startedAt = performance.now()
  const endsAt: number[] = []
  const calls: Promise<unknown>[] = []
  for (let call = 0; call < 5; call++) {
    const answer = limit.run(never, asIs).catch(() => endsAt.push(performance.now() - startedAt))
    // A reply in between neither delays nor hurries another call.
    calls.push(
      answer,
      limit.run(() => Promise.resolve(), asIs),
    )
    await sleep(30)
  }
  await Promise.all(calls)
  for (const [call, endedAt] of endsAt.entries()) {
    expect(endedAt).toBeGreaterThanOrEqual(100 + call * 30 - 2)
    expect(endedAt).toBeLessThan(100 + call * 30 + 80)
  }
})

test('an answer that is there when a stall of this process ends is taken', async () => {
  const limit = new TimeLimit(20)
  const answer = limit.run(async () => {
    await sleep(5)
    return 'answer'
  }, asIs)
  const stallEndsAt = performance.now() + 60
  while (performance.now() < stallEndsAt);
  expect(await answer).toBe('answer')
})

test('a late reply changes nothing', async () => {
  const limit = new TimeLimit(10)
  let answerLate = (_answer: string): void => {}
  const call = limit.run(() => new Promise<string>((resolve) => (answerLate = resolve)), asIs)
  await expect(call).rejects.toMatchObject({
    code: 'BACKEND_TIMEOUT',
    context: { milliseconds: 10 },
  })
  answerLate('too late')
  await limit.drain(0)
  expect(await limit.run(() => Promise.resolve('in time'), asIs)).toBe('in time')
})

test('draining ends with the last call, or with the time', async () => {
  const limit = new TimeLimit(5_000)
  const call = limit.run(() => sleep(50), asIs)
  let ended = false
  void call.then(() => (ended = true))
  await limit.drain(1_000)
  expect(ended).toBe(true)
  void limit.run(never, asIs)
  const startedAt = performance.now()
  await limit.drain(50)
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})

test('a hundred thousand calls leave nothing behind', async () => {
  const limit = new TimeLimit(60_000)
  for (let round = 0; round < 100; round++) {
    await Promise.all(Array.from({ length: 1_000 }, () => limit.run(() => Promise.resolve(), asIs)))
  }
  // Full again: none of those before is still counted.
  const calls = Array.from({ length: 10_000 }, () => limit.run(() => Promise.resolve(), asIs))
  await expect(limit.run(never, asIs)).rejects.toMatchObject({ code: 'BACKEND_OVERLOADED' })
  await Promise.all(calls)
})

test('a call may have more time than the others', async () => {
  const limit = new TimeLimit(20)
  const startedAt = performance.now()
  const longer = limit.run(never, asIs, undefined, 200).catch(() => performance.now() - startedAt)
  await expect(limit.run(never, asIs)).rejects.toMatchObject({ code: 'BACKEND_TIMEOUT' })
  expect(performance.now() - startedAt).toBeLessThan(200)
  expect(await longer).toBeGreaterThanOrEqual(215)
  const inTime = limit.run(() => sleep(60), asIs, undefined, 200)
  expect(await inTime).toBeUndefined()
})

test('a reply that keeps arriving is waited for, and no longer once it stops', async () => {
  const limit = new TimeLimit(50)
  const source = { receivedBytes: 0 }
  const startedAt = performance.now()
  const arriving = setInterval(() => (source.receivedBytes += 100_000), 5)
  const call = limit.run(never, asIs, source).catch(() => performance.now() - startedAt)
  const answered = limit.run(() => sleep(200), asIs, source)
  await sleep(300)
  expect(await answered).toBeUndefined()
  clearInterval(arriving)
  const tookMs = await call
  expect(tookMs).toBeGreaterThan(290)
  expect(tookMs).toBeLessThan(600)
})

test('the calls to one source can be failed alone', async () => {
  const limit = new TimeLimit(5_000)
  const [lost, other] = [{ receivedBytes: 0 }, { receivedBytes: 0 }]
  const failing = limit.run(never, asIs, lost)
  const going = limit.run(() => sleep(20).then(() => 'answer'), asIs, other)
  limit.failAll(lost, new Error('lost'))
  await expect(failing).rejects.toThrow('lost')
  expect(await going).toBe('answer')
})

test('replies of calls that have ended are not kept while another call is in flight', async () => {
  const limit = new TimeLimit(60_000)
  void limit.run(never, asIs)
  const replies: WeakRef<object>[] = []
  for (let call = 0; call < 500; call++) {
    await limit.run(() => {
      const reply = { bytes: new Uint8Array(1_000) }
      replies.push(new WeakRef(reply))
      return Promise.resolve(reply)
    }, asIs)
  }
  await sleep(10)
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const retained = replies.filter((reply) => reply.deref() !== undefined)
  expect(retained.length).toBeLessThan(5)
})
