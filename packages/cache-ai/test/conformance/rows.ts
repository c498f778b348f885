import type { ModelServer } from '@verbatim/model-server'
import type { Ask, OpenSubject, Turn } from './subjects.js'

/** A row of the table: an experiment, and what a correct cache shows. */
export interface Row {
  readonly name: string
  /** Returns what the cache shows, or `undefined` if its client has no such call. */
  readonly run: (cache: OpenSubject, server: ModelServer) => Promise<string | undefined>
  readonly correct: string
}

const turns: readonly Turn[] = [{ role: 'user', text: 'How do I make tea?' }]

export const ROWS: readonly Row[] = [
  {
    name: '10 identical calls at the same time',
    correct: '1 provider call',
    run: async (cache, server) => {
      await Promise.all(Array.from({ length: 10 }, () => cache.ask({ turns })))
      return calls(server)
    },
  },
  {
    name: 'an answer cut at the token limit, asked twice',
    correct: '2 provider calls',
    run: async (cache, server) => {
      server.fault = 'cut'
      for (const _ of [1, 2]) await cache.ask({ turns })
      return calls(server)
    },
  },
  {
    name: 'the finish reason of a hit',
    correct: 'stop',
    run: async (cache) => {
      await cache.ask({ turns })
      return String((await cache.ask({ turns })).finishReason)
    },
  },
  {
    name: 'two images with the same text',
    correct: '2 provider calls',
    run: async (cache, server) => {
      for (const image of ['iVBORw0KGgo=', 'iVBORw0KGgs='])
        await cache.ask({ turns: [{ role: 'user', text: 'Describe', image }] })
      return calls(server)
    },
  },
  different('two models', { model: 'gpt-test' }, { model: 'gpt-other' }),
  different('two values of topP', { topP: 0.1 }, { topP: 0.9 }),
  different('two values of presencePenalty', { presencePenalty: 0 }, { presencePenalty: 1 }),
  different('two reasoning efforts', { effort: 'low' }, { effort: 'high' }),
  different('temperature absent and 1', {}, { temperature: 1 }),
  {
    name: 'a nested option with its fields in another order',
    correct: '1 provider call',
    run: async (cache, server) => {
      const type = 'content' as const
      for (const prediction of [
        { type, content: 'Boil' },
        { content: 'Boil', type },
      ])
        await cache.ask({ turns, prediction })
      return calls(server)
    },
  },
  {
    name: 'a stream asked twice',
    correct: '1 provider call',
    run: async (cache, server) => {
      for (const _ of [1, 2]) await cache.stream({ turns })
      return calls(server)
    },
  },
  {
    name: 'a stream that ended with an error, asked again',
    correct: 'Boil, then pour.',
    run: async (cache, server) => {
      server.fault = 'error'
      await Promise.allSettled([cache.stream({ turns })])
      server.fault = undefined
      return cache.stream({ turns }).catch(() => 'the error again')
    },
  },
  {
    name: 'the caller edits the answer: the text of the next hit',
    correct: 'Boil, then pour.',
    run: async (cache) => {
      await cache.ask({ turns })
      const hit = await cache.ask({ turns })
      hit.edit()
      return (await cache.ask({ turns })).text
    },
  },
  {
    name: 'a batch of a request that is not stored and one that is',
    correct: '2 answers',
    run: async (cache) => {
      await cache.ask({ turns })
      const other = { turns: [{ role: 'user', text: 'And coffee?' }] } as const
      const count = await cache.batch?.([other, { turns }])
      return count === undefined ? undefined : `${count} answers`
    },
  },
  {
    name: 'a text that imitates a second role, and two messages',
    correct: '2 provider calls',
    run: async (cache, server) => {
      await cache.ask({ turns: [{ role: 'user', text: 'a\nAI: b' }] })
      await cache.ask({
        turns: [
          { role: 'user', text: 'a' },
          { role: 'assistant', text: 'b' },
        ],
      })
      return calls(server)
    },
  },
  {
    name: 'credentials and texts in the keys of the store',
    correct: 'none',
    run: async (cache) => {
      await cache.ask({ turns })
      const keys = (await cache.keys()).join('\n')
      const found = [
        ...(keys.includes('sk-secret') ? ['token'] : []),
        ...(keys.includes('make tea') ? ['prompt'] : []),
      ]
      return found.length === 0 ? 'none' : found.join(', ')
    },
  },
]

function different(name: string, one: Partial<Ask>, other: Partial<Ask>): Row {
  return {
    name,
    correct: '2 provider calls',
    run: async (cache, server) => {
      for (const settings of [one, other]) await cache.ask({ turns, ...settings })
      return calls(server)
    },
  }
}

function calls({ requests }: ModelServer): string {
  return requests.length === 1 ? '1 provider call' : `${requests.length} provider calls`
}
