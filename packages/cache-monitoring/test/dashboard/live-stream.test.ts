import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '@verbatim/cache-core'
import { expect, onTestFinished, test } from 'vitest'
import { History } from '../../src/dashboard/history.js'
import { liveStream } from '../../src/dashboard/live-stream.js'
import { nodeListener } from '../../src/dashboard/node-mount.js'
import { CachePerformanceMonitor } from '../../src/index.js'

function startHistory(): History {
  const history = new History(new CachePerformanceMonitor(), systemClock, (error) => {
    throw error
  })
  onTestFinished(() => history.close())
  return history
}

test('a reader that waits gets one message for many samples', async () => {
  const history = startHistory()
  let messages = 0
  const stream = liveStream(
    history,
    () => ({ message: ++messages, samples: history.samples }),
    () => undefined,
  )
  const reader = stream.getReader()
  const read = async (): Promise<unknown> => {
    const { value } = await reader.read()
    return JSON.parse(new TextDecoder().decode(value).slice('data: '.length))
  }
  expect(await read()).toEqual({ message: 1, samples: 0 })
  for (let sample = 0; sample < 1_000; sample++) history.sample()
  expect(messages).toBe(1)
  expect(await read()).toEqual({ message: 2, samples: 1_000 })
  await reader.cancel()
})

test('closing the history ends the stream', async () => {
  const history = startHistory()
  let ends = 0
  const reader = liveStream(
    history,
    () => ({}),
    () => ends++,
  ).getReader()
  await reader.read()
  const next = reader.read()
  history.close()
  expect(await next).toMatchObject({ done: true })
  expect(ends).toBe(1)
})

test('a client that does not read costs a bounded amount of memory, and its stream ends with it', async () => {
  const history = startHistory()
  const text = 'x'.repeat(100_000)
  let messages = 0
  let ends = 0
  const failed = (error: unknown): void => {
    throw error
  }
  const server = createServer(
    nodeListener(async () => {
      const stream = liveStream(
        history,
        () => ({ text, message: ++messages }),
        () => ends++,
      )
      return new Response(stream)
    }, failed),
  )
  let longest = 0
  server.on('request', (_request, response) => {
    const watch = setInterval(() => {
      longest = Math.max(longest, response.writableLength)
    }, 5)
    response.once('close', () => clearInterval(watch))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')

  // The buffers of the kernel take some messages. After that, none is made.
  await expect
    .poll(
      async () => {
        const before = messages
        for (let sample = 0; sample < 20; sample++) {
          history.sample()
          await wait(1)
        }
        return messages > 0 && messages === before
      },
      { timeout: 10_000 },
    )
    .toBe(true)
  expect(longest).toBeLessThan(500_000)
  socket.destroy()
  await expect.poll(() => ends).toBe(1)
})

test('a message that fails ends its stream, and the server goes on', async () => {
  const history = startHistory()
  const failures: unknown[] = []
  let ends = 0
  const message = (): object => {
    throw new TypeError('a figure of the monitor failed')
  }
  const server = createServer(
    nodeListener(
      async () => new Response(liveStream(history, message, () => ends++)),
      (error) => failures.push(error),
    ),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (let request = 1; request <= 3; request++) {
    await expect(fetch(address).then((response) => response.text())).rejects.toThrow()
    expect([failures.length, ends]).toEqual([request, request])
  }
})
