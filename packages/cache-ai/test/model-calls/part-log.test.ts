import { expect, test } from 'vitest'
import { PartLog } from '../../src/model-calls/part-log.js'

const MAX_BYTES = 100

function openLog() {
  const log = new PartLog<number>(MAX_BYTES, () => 10)
  return {
    log,
    open: () =>
      log
        .stream(
          (part) => part,
          () => undefined,
        )
        .getReader(),
  }
}

test('a reader that is too far behind fails, and the others get every part', async () => {
  const { log, open } = openLog()
  const [fast, slow] = [open(), open()]
  const read: (number | undefined)[] = []
  for (let part = 0; part < 50; part++) {
    void log.add(part)
    read.push((await fast.read()).value)
  }
  expect(read).toEqual(Array.from({ length: 50 }, (_, index) => index))
  await expect(slow.read()).rejects.toMatchObject({ code: 'READER_TOO_SLOW' })
  expect(log.isComplete).toBe(false)
})

test('the log waits for its only reader when it is full', async () => {
  const { log, open } = openLog()
  const reader = open()
  let added = 0
  const filling = (async () => {
    for (; added < 50; added++) await log.add(added)
    log.end()
  })()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(added).toBeLessThanOrEqual(10)
  const read: number[] = []
  for (let next = await reader.read(); !next.done; next = await reader.read()) read.push(next.value)
  await filling
  expect(read).toHaveLength(50)
})

test('a full log without readers goes on', async () => {
  const { log } = openLog()
  for (let part = 0; part < 50; part++) await log.add(part)
  expect(log.isComplete).toBe(false)
})

test('a full log goes on when its last reader leaves', async () => {
  const { log, open } = openLog()
  const reader = open()
  let wait: Promise<void> | undefined
  for (let part = 0; wait === undefined; part++) wait = log.add(part)
  await reader.cancel()
  await expect(wait).resolves.toBeUndefined()
})
