import { ReplyError as ClientReplyError } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { errorCodeOf, errorForCaller } from '../../src/connection/connection-errors.js'
import { describeFailure } from '../../src/messages/describe-failure.js'

const reply = (message: string): Error => new (ClientReplyError as typeof Error)(message)
const DETAILS = { commandTimeoutMs: 200, database: 3, keyPrefix: 'app:', tls: false }
const say = (code: string | undefined, details = DETAILS): string =>
  describeFailure('Redis at cache:6379', code, details)

describe('a refusal names the command, in the words of each release', () => {
  test.each([
    ["NOPERM this user has no permissions to run the 'get' command", 'NOPERM GET'],
    [
      "NOPERM this user has no permissions to run the 'get' command or its subcommand",
      'NOPERM GET',
    ],
    [
      "NOPERM User app has no permissions to run the 'client|tracking' command",
      'NOPERM CLIENT TRACKING',
    ],
    [
      'NOPERM this user has no permissions to access one of the keys used as arguments',
      'NOPERM KEYS',
    ],
    ['NOPERM No permissions to access a key', 'NOPERM KEYS'],
    ['NOPERM No permissions to access a channel', 'NOPERM CHANNELS'],
    [
      "ERR The user executing the script can't run this command or subcommand script: f21, on @user_script:1.",
      'NOPERM SCRIPT',
    ],
    [
      "ERR ACL failure in script: User app has no permissions to run the 'set' command script: f21",
      'NOPERM SET',
    ],
    [
      "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments script: f21",
      'NOPERM SCRIPT',
    ],
    [
      "ERR ACL failure in script: User app has no permissions to access the 's3cret' key script: f21",
      'NOPERM SCRIPT',
    ],
    ['NOPERM in other words', 'NOPERM'],
    ["NOPERM value 'x y' of 'secret value' command", 'NOPERM'],
    ['ERR invalid password', 'WRONGPASS'],
  ])('%s', (message, code) => {
    expect(errorCodeOf(reply(message))).toBe(code)
  })

  test('in the error for the caller, beside the reply', () => {
    const error = reply("NOPERM this user has no permissions to run the 'set' command")
    expect(errorForCaller(error)).toMatchObject({
      code: 'BACKEND_REFUSED',
      message: 'Redis refused the command: NOPERM SET',
      context: { reply: 'NOPERM', forbidden: 'SET', alarm: true },
    })
  })
})

describe('the sentence', () => {
  test.each([
    ['ENOTFOUND', /its host name does not resolve \(ENOTFOUND\): check the name of the host\.$/],
    ['ECONNREFUSED', /nothing listens on that port \(ECONNREFUSED\): /],
    ['WRONGPASS', /the user or the password is wrong/],
    ['DB_INDEX_OUT_OF_RANGE', /has no database 3 /],
    ['NOPERM SET', /the command SET \(NOPERM SET\): grant it \(ACL SETUSER <user> \+set\)/],
    ['NOPERM CLIENT TRACKING', /\+client\|tracking\)/],
    ['NOPERM KEYS', /the key pattern app:\*/],
    [
      'NO_MASTER CERT_HAS_EXPIRED',
      /cannot be found: the last sentinel has a certificate .* does not trust \(NO_MASTER CERT_HAS_EXPIRED\): check/,
    ],
    ['NO_MASTER', /is not known to any sentinel that answers \(NO_MASTER\)/],
    ['UNKNOWN_COMMAND TIME', /does not know the command TIME/],
    ['UNKNOWN_COMMAND', /does not know the command \(/],
    ['BACKEND_TIMEOUT', /within commandTimeout \(200 ms\).*raise commandTimeout/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /does not trust .*NODE_EXTRA_CA_CERTS/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /does not trust/],
    ['CERT_HAS_EXPIRED', /does not trust/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /use redis:\/\/ for a server without TLS/],
    ['ECONNRESET', /use rediss:\/\/ if it expects TLS/],
    ['SOMETHING_NEW', /is unavailable \(SOMETHING_NEW\): see the log of Redis\.$/],
    ['constructor', /is unavailable \(constructor\)/],
    [undefined, /cannot be reached \(NO_ANSWER\)/],
  ])('about %s says what is wrong and what to do', (code, text) => {
    expect(say(code)).toMatch(text)
    expect(say(code)).toMatch(/^Redis at cache:6379 .*\.$/)
  })

  test('about a lost connection depends on TLS', () => {
    expect(say('ECONNRESET', { ...DETAILS, tls: true })).toMatch(/and speaks TLS\.$/)
    expect(say('ETIMEDOUT', { ...DETAILS, tls: true })).toMatch(/whether Redis speaks TLS there/)
  })
})
