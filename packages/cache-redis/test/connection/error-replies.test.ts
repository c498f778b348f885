import { runInNewContext } from 'node:vm'
import { InfrastructureError } from '@verbatim/cache-core'
import { ReplyError as ClientReplyError } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { errorCodeOf, errorForCaller } from '../../src/connection/connection-errors.js'
import { meaningOf } from '../../src/connection/error-replies.js'

const foreign = (code: string): unknown => runInNewContext(code)

const reply = (message: string): Error => new (ClientReplyError as typeof Error)(message)

describe('the meaning of an error reply', () => {
  test.each([
    ['LOADING', { marksUnhealthy: true }],
    ['MASTERDOWN', { marksUnhealthy: true }],
    ['BUSY', { marksUnhealthy: true }],
    ['READONLY', { marksUnhealthy: true, needsNewConnection: true }],
    ['MAXCLIENTS', { marksUnhealthy: true, alarm: true }],
    ['NOAUTH', { marksUnhealthy: true, alarm: true }],
    ['WRONGPASS', { marksUnhealthy: true, retrySlowly: true, alarm: true }],
    ['DENIED', { marksUnhealthy: true, retrySlowly: true, alarm: true }],
    ['OOM', { alarm: true, refusesWrites: true }],
    ['MISCONF', { alarm: true, refusesWrites: true }],
    ['NOREPLICAS', { alarm: true, refusesWrites: true }],
    ['NOPERM', { alarm: true, lasts: true }],
    ['WRONGTYPE', { alarm: true, lasts: true }],
    ['CROSSSLOT', { alarm: true, lasts: true }],
    ['MOVED', { alarm: true }],
    ['ASK', { alarm: true }],
    ['TRYAGAIN', {}],
    ['CLUSTERDOWN', {}],
    ['NOSCRIPT', {}],
    ['EXECABORT', {}],
    ['ERR', { lasts: true }],
    ['NEVERHEARDOF', { lasts: true }],
    ['constructor', { lasts: true }],
  ])('%s', (word, meaning) => {
    expect(meaningOf(word)).toEqual(meaning)
  })
})

describe('one word for an error', () => {
  test.each([
    [reply("WRONGTYPE Operation against a key 's3cret'"), 'WRONGTYPE'],
    [reply('ERR max number of clients reached'), 'MAXCLIENTS'],
    [reply('ERR value s3cret is not an integer'), 'ERR'],
    [reply('s3cret without a word of its own'), 'ERR'],
    [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new Error('All sentinels are unreachable. Last error: connect ETIMEDOUT'), 'ETIMEDOUT'],
    [new Error('Too many redirections. Last error: ReplyError: MOVED 1 s3cret:1'), 'MOVED'],
    [Object.assign(new Error('Failed'), { lastNodeError: reply('WRONGPASS s3cret') }), 'WRONGPASS'],
    [new Error('Connection is closed.'), 'CONNECTION_LOST'],
    [new Error('S3CRET'), 'CONNECTION_LOST'],
    [new RangeError('s3cret'), 'BACKEND_MALFORMED_REPLY'],
    [foreign('Object.assign(Error(), { code: "ECONNREFUSED" })'), 'ECONNREFUSED'],
    [
      Object.assign(new Error('Failed'), {
        lastNodeError: foreign('Object.assign(Error(), { code: "ENOTFOUND" })'),
      }),
      'ENOTFOUND',
    ],
    ['s3cret', 'UNKNOWN'],
  ])('%s', (error, word) => {
    expect(errorCodeOf(error)).toBe(word)
  })

  test('callers get an InfrastructureError with that word alone', () => {
    const error = Object.assign(reply('OOM s3cret'), { command: { args: ['key', 's3cret'] } })
    const rejection = errorForCaller(error)
    expect(rejection).toBeInstanceOf(InfrastructureError)
    expect(rejection).toMatchObject({
      message: 'Redis refused the command: OOM',
      code: 'BACKEND_REFUSED',
      context: { reply: 'OOM', alarm: true },
    })
    expect((rejection as Error).cause).toBeUndefined()
    expect((rejection as Error).stack).not.toContain('s3cret')
  })
})
