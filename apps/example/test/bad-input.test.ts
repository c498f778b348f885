import { expect, test } from 'vitest'
import { startService } from './support/service.js'

const secret = 'Xyzzy said the hollow voice.'

const refused: Array<[given: string, body: unknown, field: string | undefined, rule: RegExp]> = [
  ['an empty text', { text: '', operation: 'summarize' }, 'text', /^text .*at least one word/],
  ['a blank text', { text: ' \n\t', operation: 'summarize' }, 'text', /^text /],
  ['a text without words', { text: '?!', operation: 'summarize' }, 'text', /^text /],
  ['no text', { operation: 'summarize' }, 'text', /^text must be a string/],
  ['a number for a text', { text: 7, operation: 'summarize' }, 'text', /^text must be a string/],
  ['a text of half a character', { text: 'a\ud800', operation: 'summarize' }, 'text', /Unicode/],
  [
    'a text that is too long',
    { text: 'a'.repeat(100_001), operation: 'summarize' },
    'text',
    /at most 100000 characters/,
  ],
  ['no operation', { text: secret }, 'operation', /^operation must be one of summarize, .*qa$/],
  ['an unknown operation', { text: secret, operation: 'rhyme' }, 'operation', /must be one of/],
  ['a list of operations', { text: secret, operation: ['qa'] }, 'operation', /must be one of/],
  ['an operation of Object', { text: secret, operation: 'constructor' }, 'operation', /one of/],
  [
    'an unknown field',
    { text: secret, operation: 'summarize', mode: 'fast' },
    'mode',
    /^mode is not a known field\. Known fields: text, operation, options, question$/,
  ],
  [
    'a text for a field',
    { text: secret, operation: 'summarize', [secret]: 1 },
    '(unnamed)',
    /not a known field/,
  ],
  [
    'a tenant in the body',
    { text: secret, operation: 'summarize', tenant: 'ada' },
    'tenant',
    /^tenant is not a known field/,
  ],
  [
    'a misspelled field',
    { text: secret, opration: 'summarize', operation: 'summarize' },
    'opration',
    /Did you mean operation\?/,
  ],
  ['no question for qa', { text: secret, operation: 'qa' }, 'question', /required for qa/],
  ['an empty question', { text: secret, operation: 'qa', question: '' }, 'question', /^question /],
  ['a number for a question', { text: secret, operation: 'qa', question: 1 }, 'question', /string/],
  [
    'a question that is too long',
    { text: secret, operation: 'qa', question: 'why '.repeat(200) },
    'question',
    /at most 500/,
  ],
  [
    'a question for a summary',
    { text: secret, operation: 'summarize', question: 'Why?' },
    'question',
    /only allowed for qa/,
  ],
  ['options null', { text: secret, operation: 'summarize', options: null }, 'options', /object/],
  ['a list of options', { text: secret, operation: 'summarize', options: [] }, 'options', /object/],
  [
    'too many sentences',
    { text: secret, operation: 'summarize', options: { max_sentences: 21 } },
    'options.max_sentences',
    /an integer from 1 to 20/,
  ],
  [
    'no sentences',
    { text: secret, operation: 'summarize', options: { max_sentences: 0 } },
    'options.max_sentences',
    /an integer from 1 to 20/,
  ],
  [
    'half a point',
    { text: secret, operation: 'key_points', options: { count: 1.5 } },
    'options.count',
    /an integer from 1 to 20/,
  ],
  [
    'a count in words',
    { text: secret, operation: 'questions', options: { count: '5' } },
    'options.count',
    /an integer from 1 to 20/,
  ],
  [
    'an option of another operation',
    { text: secret, operation: 'sentiment', options: { count: 5 } },
    'options.count',
    /Known fields: none/,
  ],
  ['a list', [], undefined, /JSON object/],
  ['a string', '"text"', undefined, /JSON object/],
  ['null', 'null', undefined, /JSON object/],
  ['half a JSON', `{"text":"${secret}`, undefined, /JSON object/],
  ['nothing', '', undefined, /JSON object/],
  ['a poisoned prototype', '{"text":"a","__proto__":{"x":1}}', undefined, /JSON object/],
]

test.each(refused)('%s is a 400 that names the rule', async (_given, body, field, rule) => {
  const { app, cache } = await startService()
  const reply = await app.inject({
    method: 'POST',
    url: '/process',
    headers: { 'content-type': 'application/json' },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const { error } = reply.json<{ error: { code: string; message: string; field?: string } }>()
  expect(reply.statusCode).toBe(400)
  expect(error.code).toMatch(/^INVALID_(?:REQUEST|JSON)$/)
  expect(error.message).toMatch(rule)
  expect(error.field).toBe(field)
  expect(reply.body).not.toMatch(/Xyzzy|node_modules|\bat \//)
  expect(cache.getStats().memory?.totalEntries).toBe(0)
})

test('a body of more than 1 MiB is a 413', async () => {
  const { app } = await startService()
  const payload = { text: 'a'.repeat(1024 * 1024), operation: 'summarize' }
  const reply = await app.inject({ method: 'POST', url: '/process', payload })
  expect(reply.statusCode).toBe(413)
  expect(reply.json()).toEqual({
    error: { code: 'BODY_TOO_LARGE', message: 'the body must be at most 1 MiB' },
  })
})

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense'])(
  'a body of type %s is a 415',
  async (type) => {
    const { app } = await startService()
    const reply = await app.inject({
      method: 'POST',
      url: '/process',
      headers: { 'content-type': type },
      payload: JSON.stringify({ text: secret, operation: 'summarize' }),
    })
    expect(reply.statusCode).toBe(415)
    expect(reply.json()).toMatchObject({ error: { code: 'UNSUPPORTED_MEDIA_TYPE' } })
    expect(reply.body).not.toContain('Xyzzy')
  },
)

test('another method than POST is a 405 that names POST', async () => {
  const { app } = await startService()
  const reply = await app.inject({ method: 'PUT', url: '/process', payload: {} })
  expect(reply.statusCode).toBe(405)
  expect(reply.headers['allow']).toBe('POST')
  expect(reply.json()).toHaveProperty('error.code', 'METHOD_NOT_ALLOWED')
})

test.each([
  ['GET', '/nowhere'],
  ['GET', '/process'],
  ['POST', '/nowhere'],
  ['DELETE', '/internal/cache/status'],
  ['GET', '/samples/../package.json'],
  ['GET', '/samples/%2e%2e/package.json'],
  ['GET', '/%00'],
  ['GET', '/%zz'],
] as const)('the response to %s %s is a 4xx in JSON', async (method, url) => {
  const { app } = await startService()
  const reply = await app.inject({ method, url })
  expect(reply.statusCode).toBeGreaterThanOrEqual(400)
  expect(reply.statusCode).toBeLessThan(500)
  expect(reply.json()).toHaveProperty('error.code')
})
