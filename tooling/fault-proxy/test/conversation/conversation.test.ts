import { describe, expect, test } from 'vitest'
import { RawClient } from '../raw-client.js'
import { eventually, isPending, setUp } from '../set-up.js'

const at = setUp('--enable-debug-command', 'local')

/**
 * Commands whose replies are hard to match. A `PING` with a held reply follows each list. Until then, the
 * client must receive exactly the replies that it would receive without the proxy.
 */
const CONVERSATIONS: Readonly<Record<string, readonly string[]>> = {
  'commands one after the other': [
    'SET key value',
    'GET key',
    'GET none',
    'INCR key',
    'MGET a key',
  ],
  'a transaction': ['MULTI', 'SET key 1', 'INCR key', 'EXEC'],
  'a transaction given up': ['MULTI', 'SET key 1', 'DISCARD', 'GET key'],
  'a transaction that failed': ['MULTI', 'NONSENSE', 'SET key 1', 'EXEC', 'GET key'],
  'a transaction in another': ['MULTI', 'MULTI', 'EXEC'],
  'the end of no transaction': ['EXEC', 'DISCARD'],
  'one reply skipped': ['CLIENT REPLY SKIP', 'SET key value', 'GET key'],
  'replies switched off and on': ['CLIENT REPLY OFF', 'SET key 1', 'INCR key', 'CLIENT REPLY ON'],
  'a skip while off': ['CLIENT REPLY OFF', 'CLIENT REPLY SKIP', 'CLIENT REPLY ON', 'GET key'],
  'a skip of what switches on': ['CLIENT REPLY SKIP', 'CLIENT REPLY ON'],
  'replies switched to nonsense': ['CLIENT REPLY PERHAPS', 'GET key'],
  'replies switched off and reset': ['CLIENT REPLY OFF', 'SET key 1', 'RESET'],
  'a switch that is queued': ['MULTI', 'CLIENT REPLY OFF', 'DISCARD', 'GET key'],
  'nonsense while off': [
    ...['CLIENT REPLY OFF', 'CLIENT REPLY PERHAPS', 'SET key 1', 'CLIENT REPLY ON', 'GET key'],
  ],
  'subscribing in a transaction that is given up': ['MULTI', 'SUBSCRIBE a b', 'DISCARD', 'GET key'],
  'subscribing to several channels': ['SUBSCRIBE a b c', 'PSUBSCRIBE x* y*', 'SSUBSCRIBE s'],
  'subscribing while replies are off': [
    ...['HELLO 3', 'CLIENT REPLY OFF', 'SUBSCRIBE a b', 'CLIENT REPLY ON', 'GET key'],
  ],
  'leaving all channels': ['SUBSCRIBE a b c', 'UNSUBSCRIBE', 'GET key'],
  'leaving all patterns': ['PSUBSCRIBE a* b*', 'SUBSCRIBE a', 'PUNSUBSCRIBE', 'UNSUBSCRIBE'],
  'leaving all shards': ['SSUBSCRIBE s', 'SSUBSCRIBE t', 'SUNSUBSCRIBE', 'GET key'],
  'leaving one by one': ['SUBSCRIBE a b', 'UNSUBSCRIBE a c', 'UNSUBSCRIBE b', 'GET key'],
  'leaving where there is nothing to leave': ['UNSUBSCRIBE', 'PUNSUBSCRIBE', 'UNSUBSCRIBE a b'],
  'subscribing to the same twice': ['SUBSCRIBE a a', 'SUBSCRIBE a', 'UNSUBSCRIBE', 'GET key'],
  'subscribing to nothing': ['SUBSCRIBE', 'GET key'],
  'commands that a subscriber may not send': ['SUBSCRIBE a', 'GET key', 'PING', 'UNSUBSCRIBE'],
  'a subscriber that is reset': ['SUBSCRIBE a b', 'RESET', 'GET key', 'UNSUBSCRIBE'],
  'messages to itself': ['HELLO 3', 'SUBSCRIBE a', 'PUBLISH a one', 'GET key', 'PUBLISH a two'],
  'messages to itself in a transaction': [
    ...['HELLO 3', 'SUBSCRIBE a', 'MULTI', 'PUBLISH a one', 'SET key 1', 'EXEC', 'GET key'],
  ],
  'invalidations of its own': [
    ...['HELLO 3', 'CLIENT TRACKING ON', 'SET key 1', 'GET key', 'SET key 2', 'GET key'],
  ],
  'RESP3 values': [
    ...['HELLO 3', 'HSET hash a 1 b 2', 'HGETALL hash', 'ZADD set 1.5 a', 'ZSCORE set a'],
    ...['GET none', 'SMEMBERS none', 'DEBUG PROTOCOL ATTRIB', 'DEBUG PROTOCOL VERBATIM'],
    ...['DEBUG PROTOCOL BIGNUM', 'DEBUG PROTOCOL TRUE', 'DEBUG PROTOCOL PUSH'],
  ],
  'another protocol and back': [
    'HELLO 3',
    'SUBSCRIBE a',
    'UNSUBSCRIBE',
    'HELLO 2',
    'SUBSCRIBE a b',
  ],
  'lists in lists': ['EVAL return{1,{2,{3,{}}},{},redis.status_reply("ok")} 0', 'KEYS *'],
  'a command that waits': ['BLPOP none 0.02', 'GET key'],
  'a command that does not exist': ['NONSENSE a b', 'SET', 'GET a b c'],
}

/** Removes the number of the connection from the reply to HELLO. */
const withoutIds = (received: string): string => received.replaceAll(/id\r\n:\d+/g, 'id')

async function receiveDirectly(commands: readonly string[]): Promise<string> {
  using client = await RawClient.open(at.redis.port)
  client.send(...commands, 'PING last')
  await client.receives(LAST_PING)
  const received = client.received.replace(LAST_PING, '')
  await at.direct.flushall()
  return received
}

/** The reply to a RESP2 subscriber is a list. */
const LAST_PING = /(\*2\r\n\$4\r\npong\r\n)?\$4\r\nlast\r\n$/

describe.each([
  ['', async () => undefined],
  [', a byte at a time', () => at.proxy.slice({ bytes: 1, pauseMilliseconds: 0 })],
])('replies are matched to their commands%s', (_name, arrange) => {
  test.each(Object.entries(CONVERSATIONS))('%s', async (_title, commands) => {
    const expected = withoutIds(await receiveDirectly(commands))
    const client = await at.rawClient()
    await arrange()
    const held = await at.proxy.holdReply({ command: 'PING', nth: countPings(commands) + 1 })
    client.send(...commands, 'PING last')
    await held.reached
    await eventually(() => withoutIds(client.received)).toBe(expected)
    expect(await isPending(client.receives('last'), 20)).toBe(true)
    expect(withoutIds(client.received)).toBe(expected)
    await held.release()
    await client.receives(LAST_PING)
    expect(withoutIds(client.received).replace(LAST_PING, '')).toBe(expected)
  })
})

const countPings = (commands: readonly string[]): number =>
  commands.filter((command) => command === 'PING').length

describe('inline commands', () => {
  test('are parsed, and empty lines and lists get no reply', async () => {
    const client = await at.rawClient()
    const held = await at.proxy.holdReply({ command: 'GET', key: 'key' })
    client.socket.write('SET key value\r\n\r\n*0\r\n\n*-1\r\n  get   key\r\nPING\r\n')
    await held.reached
    expect(await isPending(client.receives('value'), 50)).toBe(true)
    expect(client.received).toBe('+OK\r\n')
    await held.release()
    await client.receives('PONG')
    expect(client.received).toBe('+OK\r\n$5\r\nvalue\r\n+PONG\r\n')
  })
})

describe('connections without commands and replies', () => {
  test('MONITOR transmits all messages', async () => {
    const client = await at.rawClient()
    client.send('PING', 'MONITOR')
    await client.receives('+OK\r\n')
    await at.direct.get('watched')
    await client.receives('"watched"')
    await at.proxy.answerWithError({ command: 'ECHO', error: 'ERR not looked at any more' })
    client.send('ECHO later')
    await client.receives('$5\r\nlater\r\n')
    expect(client.received).toMatch(/^\+PONG\r\n\+OK\r\n\+\d+\.\d+ .*"watched"\r\n/)
  })

  test('bytes that are not RESP are forwarded, and Redis rejects them', async () => {
    const client = await at.rawClient()
    client.send('PING')
    client.socket.write('*1\r\n$nonsense\r\n')
    await eventually(() => client.socket.readableEnded).toBe(true)
    expect(client.received).toBe('+PONG\r\n-ERR Protocol error: invalid bulk length\r\n')
  })
})
