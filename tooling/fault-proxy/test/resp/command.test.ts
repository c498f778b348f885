import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Command } from '../../src/resp/command.js'
import { keysOf } from '../../src/resp/keys.js'
import { encodeCommand } from '../raw-client.js'

const read = (words: string): Command | undefined => Command.read(Buffer.from(encodeCommand(words)))

test('a command is parsed byte by byte', () => {
  const word = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      const encoded = words.flatMap((bytes) => [
        Buffer.from(`$${bytes.length}\r\n`),
        bytes,
        Buffer.from('\r\n'),
      ])
      const message = Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...encoded])
      expect(Command.read(message)?.words).toEqual(words)
    }),
  )
})

test('the name of a command is in capitals, even for an inline command', () => {
  expect(read('get key')?.name).toBe('GET')
  const typed = Command.read(Buffer.from('  set  key value\r\n'))
  expect(typed?.name).toBe('SET')
  expect(typed?.words.map(String)).toEqual(['set', 'key', 'value'])
})

test.each(['\r\n', '\n', '*0\r\n', '*-1\r\n'])('%j is not a command', (message) => {
  expect(Command.read(Buffer.from(message))).toBeUndefined()
})

test.each([
  ['GET key', ['key']],
  ['SET key value', ['key']],
  ['MGET a b c', ['a', 'b', 'c']],
  ['UNLINK a b', ['a', 'b']],
  ['MSET a 1 b 2', ['a', 'b']],
  ['RENAME a b', ['a', 'b']],
  ['EVALSHA sha 2 a b c', ['a', 'b']],
  ['EVAL script 0 a', []],
  ['FCALL function 1 a b', ['a']],
  ['PING', []],
])('the command %s has the keys %j', (words, keys) => {
  const command = read(words)
  expect(command && keysOf(command).map(String)).toEqual(keys)
})
