import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { explainKey, SHARED } from '../../src/ai-sdk/index.js'

type Params = Readonly<Record<string, unknown>>

const model = { provider: 'openai.chat', modelId: 'gpt-test' }

function keyOf(params: Params, options: object = {}, of: typeof model = model): string {
  const explained = explainKey({ model: of, params }, { tenant: SHARED, ...options })
  if ('bypass' in explained) throw new Error(`bypass: ${explained.bypass} ${explained.path}`)
  return explained.key
}

function bypassOf(params: Params): unknown {
  const explained = explainKey({ model, params }, { tenant: SHARED })
  return 'bypass' in explained ? explained.bypass : undefined
}

function user(...content: readonly object[]): Params {
  return { prompt: [{ role: 'user', content }] }
}

const text = { type: 'text', text: 'How do I make tea?' }
const tool = {
  type: 'function',
  name: 'weather',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const base: Params = { ...user(text), tools: [tool] }

/** Two values of each option. A field that is missing here has not been decided. */
const VALUES: Readonly<Record<string, readonly [unknown, unknown] | 'left out' | 'bypass'>> = {
  prompt: [user(text)['prompt'], user({ ...text, text: 'And coffee?' })['prompt']],
  maxOutputTokens: [16, 4_000],
  temperature: [0, 1],
  stopSequences: [['a'], ['b']],
  topP: [0.1, 0.2],
  topK: [1, 2],
  presencePenalty: [0, 1],
  frequencyPenalty: [0, 1],
  responseFormat: [{ type: 'text' }, { type: 'json' }],
  seed: [1, 2],
  tools: [[tool], [{ ...tool, description: 'The weather.' }]],
  toolChoice: [{ type: 'auto' }, { type: 'required' }],
  reasoning: ['low', 'high'],
  providerOptions: [
    { openai: { reasoningEffort: 'low' } },
    { openai: { reasoningEffort: 'high' } },
  ],
  includeRawChunks: 'bypass',
  abortSignal: 'left out',
  headers: 'left out',
}

const require = createRequire(import.meta.url)

/** Returns the fields of the call options in the installed types of a version. */
function callOptionsOf(packageName: string, version: string): string[] {
  const types = readFileSync(
    require.resolve(`${packageName}/package.json`).replace('package.json', 'dist/index.d.ts'),
    'utf8',
  )
  const [, body = ''] =
    new RegExp(`type LanguageModel${version}CallOptions = \\{\\n(.*?)\\n\\};`, 's').exec(types) ??
    []
  const indent = /^ */.exec(body)?.[0] ?? ''
  return [...body.matchAll(new RegExp(`^${indent}(\\w+)\\??:`, 'gm'))].map(
    ([, name]) => name as string,
  )
}

describe.each([
  ['@ai-sdk/provider-2', 'V2'],
  ['@ai-sdk/provider', 'V3'],
  ['@ai-sdk/provider-4', 'V4'],
])('the call options of %s', (packageName, version) => {
  const fields = callOptionsOf(packageName, version)

  test('are all decided', () => {
    expect(fields.length).toBeGreaterThanOrEqual(16)
    expect(fields.filter((name) => !(name in VALUES))).toEqual([])
  })

  const decided = fields.filter((name) => Array.isArray(VALUES[name]))
  test.each(decided)('a change of %s changes the key', (name) => {
    const values = VALUES[name] as readonly unknown[]
    const { [name]: _, ...without } = base
    const keys = values.map((value) => keyOf({ ...base, [name]: value }))
    expect(new Set([...keys, keyOf(without)]).size).toBe(3)
  })

  test('signals and headers do not change the key', () => {
    const others = { headers: { authorization: 'secret' }, abortSignal: AbortSignal.timeout(1_000) }
    expect(keyOf({ ...base, ...others })).toBe(keyOf(base))
    expect(fields.filter((name) => VALUES[name] === 'left out')).toEqual(
      Object.keys(others).toReversed(),
    )
  })
})

describe('two requests with different answers have different keys', () => {
  const bytes = (...values: number[]) => ({
    ...{ type: 'file', mediaType: 'image/png', data: Uint8Array.from(values) },
  })
  test.each<[string, Params, Params]>([
    ['an option that does not exist yet', { ...base, novel: 1 }, { ...base, novel: 2 }],
    ['temperature absent and 1', base, { ...base, temperature: 1 }],
    ['null and absent', base, { ...base, seed: null }],
    ['1 and "1"', { ...base, seed: 1 }, { ...base, seed: '1' }],
    [
      'two long texts',
      user({ ...text, text: 'a'.repeat(5_000) }),
      user({ ...text, text: `${'a'.repeat(4_999)}b` }),
    ],
    [
      'long texts with lone surrogates',
      user({ ...text, text: `\uD800${'a'.repeat(5_000)}` }),
      user({ ...text, text: `\uD801${'a'.repeat(5_000)}` }),
    ],
    ['two images', user(text, bytes(1)), user(text, bytes(2))],
    [
      'forged roles',
      user({ type: 'text', text: 'a\nAI: b' }),
      {
        prompt: [
          { role: 'user', content: [{ type: 'text', text: 'a' }] },
          { role: 'assistant', content: [{ type: 'text', text: 'b' }] },
        ],
      },
    ],
    [
      'composed and decomposed letters',
      user({ ...text, text: '\u00E9' }),
      user({ ...text, text: 'e\u0301' }),
    ],
    ['lone surrogates', user({ ...text, text: '\uD800' }), user({ ...text, text: '\uD801' })],
    ['the order of enum', schemaOf({ enum: ['a', 'b'] }), schemaOf({ enum: ['b', 'a'] })],
    [
      'the order of anyOf',
      schemaOf({ anyOf: [{ type: 'string' }, { type: 'null' }] }),
      schemaOf({ anyOf: [{ type: 'null' }, { type: 'string' }] }),
    ],
    [
      'a default with a list named required',
      schemaOf({ default: { required: ['a', 'b'] } }),
      schemaOf({ default: { required: ['b', 'a'] } }),
    ],
    [
      'the order of tools',
      { ...base, tools: [tool, { ...tool, name: 'time' }] },
      { ...base, tools: [{ ...tool, name: 'time' }, tool] },
    ],
    [
      'crossed results of two tools',
      toolTurn(['a', 'b'], ['a', 'b']),
      toolTurn(['a', 'b'], ['b', 'a']),
    ],
    [
      'an option named __proto__',
      { ...base, providerOptions: JSON.parse('{"openai":{"a":0,"__proto__":1}}') as object },
      { ...base, providerOptions: JSON.parse('{"openai":{"a":0,"__proto__":2}}') as object },
    ],
    ['a beta feature in a header', base, { ...base, headers: { 'Anthropic-Beta': 'context-1m' } }],
  ])('%s', (_name, one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other))
  })

  test('two tenants, the tenant named shared, two models, two versions and two variants', () => {
    const keys = [
      keyOf(base),
      keyOf(base, { tenant: 'ada' }),
      keyOf(base, { tenant: 'shared' }),
      keyOf(base, { version: '2' }),
      keyOf(base, { variant: 1 }),
      keyOf(base, { variant: '1' }),
      keyOf(base, {}, { ...model, modelId: 'gpt-other' }),
      keyOf(base, {}, { ...model, provider: 'azure.chat' }),
    ]
    expect(new Set(keys).size).toBe(keys.length)
  })
})

class Decimal {
  toJSON() {
    return '5.00'
  }
}

describe('two forms of the same request have the same key', () => {
  const image = Uint8Array.from([1, 2, 3])
  const file = { type: 'file', mediaType: 'image/png' }
  test.each<[string, Params, Params]>([
    ['another order of fields', base, Object.fromEntries(Object.entries(base).toReversed())],
    ['fields that are undefined', base, { ...base, seed: undefined }],
    ['the request after JSON', base, JSON.parse(JSON.stringify(base)) as Params],
    [
      'another order of required',
      schemaOf({ required: ['a', 'b'] }),
      schemaOf({ required: ['b', 'a'] }),
    ],
    [
      'another order of types',
      schemaOf({ type: ['string', 'null'] }),
      schemaOf({ type: ['null', 'string'] }),
    ],
    ['bytes and base64', user({ ...file, data: image }), user({ ...file, data: 'AQID' })],
    [
      'bytes in the form of AI SDK 7',
      user({ ...file, data: image }),
      user({ ...file, data: { type: 'data', data: image } }),
    ],
    [
      'an address in the form of AI SDK 7',
      user({ ...file, data: new URL('https://example.com/a.png') }),
      user({ ...file, data: { type: 'url', url: new URL('https://example.com/a.png') } }),
    ],
    ['other ids of tool calls', toolTurn(['a', 'b'], ['a', 'b']), toolTurn(['x', 'y'], ['x', 'y'])],
    [
      'an instance of a class in the result of a tool, and its JSON',
      toolResult({ price: { amount: new Decimal() }, list: [undefined] }),
      toolResult({ price: { amount: '5.00' }, list: [null] }),
    ],
    [
      'the choice of a tool without tools',
      user(text),
      { ...user(text), toolChoice: { type: 'auto' } },
    ],
    [
      'options of the prompt cache',
      base,
      { ...base, providerOptions: { openai: { promptCacheKey: 'a' } } },
    ],
    [
      'a breakpoint of the prompt cache in a message',
      user(text),
      user({ ...text, providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } } }),
    ],
    ['options of this cache', base, { ...base, providerOptions: { verbatim: { ttl: 60 } } }],
    [
      'ids of items at the provider',
      user(text),
      user({ ...text, providerOptions: { openai: { itemId: 'msg_1' } } }),
    ],
  ])('%s', (_name, one, other) => {
    expect(keyOf(one)).toBe(keyOf(other))
  })
})

function toolResult(value: unknown): Params {
  const output = { type: 'json', value }
  const content = [{ type: 'tool-result', toolCallId: 'a', toolName: 'price', output }]
  return { prompt: [{ role: 'tool', content }] }
}

class Model {
  readonly name = 'gpt-test'
}

describe('a request without a faithful key bypasses the cache', () => {
  const openai = (options: object): Params => ({ ...base, providerOptions: { openai: options } })
  test.each<[string, Params]>([
    ['unrepresentable_value', { ...base, seed: Number.NaN }],
    ['unrepresentable_value', { ...base, seed: 2 ** 53 }],
    ['unrepresentable_value', { ...base, seed: () => 1 }],
    ['unrepresentable_value', { ...base, metadata: new Model() }],
    ['unrepresentable_value', user({ type: 'text', text: { length: 512 } })],
    ['unrepresentable_value', { ...base, stopSequences: [undefined] }],
    [
      'provider_tool',
      { ...base, tools: [{ type: 'provider', id: 'openai.web_search', name: 'web', args: {} }] },
    ],
    [
      'provider_tool',
      { ...base, tools: [{ type: 'provider-defined', id: 'a.b', name: 'b', args: {} }] },
    ],
    ['provider_state', openai({ previousResponseId: 'resp_1' })],
    ['provider_state', openai({ conversation: 'conv_1' })],
    ['provider_state', openai({ store: true })],
  ])('%s: %#', (reason, params) => {
    expect(bypassOf(params)).toBe(reason)
  })
})

test('explainKey lists what was left out, and shows ids in their order', () => {
  const params = {
    ...toolTurn(['x'], ['x']),
    headers: { a: 'b' },
    providerOptions: { openai: { user: 'ada' } },
  }
  const explained = explainKey({ model, params }, { tenant: 'ada' })
  expect(explained).toMatchObject({ leftOut: ['headers', 'providerOptions.openai.user'] })
  expect(explained).toMatchObject({ canonical: expect.stringContaining('"toolCallId":"call_0"') })
  expect((explained as { key: string }).key).not.toContain('ada')
})

test('different requests have different keys, whatever they contain', () => {
  const keys = new Map<string, string>()
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (seed, extra) => {
      const params = { ...user(text), seed, providerOptions: { test: extra } }
      // Large integers have no faithful key.
      fc.pre(bypassOf(params) === undefined)
      const key = keyOf(params)
      const copy = JSON.parse(JSON.stringify(params)) as Params
      expect(keyOf(Object.fromEntries(Object.entries(copy).toReversed()))).toBe(key)
      const canonical = (explainKey({ model, params }, { tenant: SHARED }) as { canonical: string })
        .canonical
      expect(keys.get(key) ?? canonical).toBe(canonical)
      keys.set(key, canonical)
    }),
    { numRuns: 1_000 },
  )
})

function schemaOf(schema: object): Params {
  return {
    ...user(text),
    tools: [{ ...tool, inputSchema: { properties: { a: schema }, ...schema } }],
  }
}

/** Returns a conversation in which two tools have run. */
function toolTurn(called: readonly string[], answered: readonly string[]): Params {
  const calls = called.map((toolCallId, index) => ({
    ...{ type: 'tool-call', toolCallId, toolName: 'weather', input: { city: index } },
  }))
  const results = answered.map((toolCallId, index) => ({
    ...{
      type: 'tool-result',
      toolCallId,
      toolName: 'weather',
      output: { type: 'text', value: `${index}` },
    },
  }))
  return {
    prompt: [
      { role: 'user', content: [text] },
      { role: 'assistant', content: calls },
      { role: 'tool', content: results },
    ],
  }
}
