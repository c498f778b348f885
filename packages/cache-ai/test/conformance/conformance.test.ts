import { ModelServer } from '@verbatim/model-server'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { ROWS } from './rows.js'
import { SUBJECTS } from './subjects.js'

const server = await ModelServer.start()
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => server.reset())

describe.each(SUBJECTS.filter(({ isOurs }) => isOurs))('$name', ({ open }) => {
  test.each(ROWS)('is correct: $name', async ({ run, correct }) => {
    expect((await run(open(server.url), server)) ?? correct).toBe(correct)
  })
})
