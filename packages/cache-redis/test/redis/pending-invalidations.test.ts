import { InfrastructureError } from '@verbatim/cache-core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  type Failures,
  type InvalidationSender,
  PendingInvalidations,
  type PendingNodes,
} from '../../src/redis/pending-invalidations.js'
import type { ChangeKind } from '../../src/redis/recent-changes.js'

const refusal = (reply: string): InfrastructureError =>
  new InfrastructureError('it was refused', { code: 'BACKEND_REFUSED', context: { reply } })
const refused = refusal('NOPERM')
const unavailable = new InfrastructureError('it failed', { code: 'BACKEND_UNAVAILABLE' })

/** A server by its answers: which names it refuses, and what it was asked to do. */
class Server implements PendingNodes, InvalidationSender {
  canSend = true
  failing = new Map<string, InfrastructureError>()
  readonly asked: string[] = []
  readonly revisions: (string | undefined)[] = []
  readonly raised: string[] = []
  readonly lost: string[] = []
  masters: string[] = ['one']
  failingNodes = new Set<string>()
  onAsk: () => void = () => undefined

  readonly isReady = (): boolean => this.canSend
  readonly nodes = (): readonly string[] => this.masters
  readonly nodeOf = (key: string): string => (key.startsWith('two') ? 'two' : 'one')

  readonly removeKeys = async (
    keys: ReadonlyMap<string, string | undefined>,
  ): Promise<Failures> => {
    this.revisions.push(...keys.values())
    return this.#failures([...keys.keys()])
  }

  readonly removeMatching = async (pattern: string, done: Set<string>): Promise<Failures> => {
    const failures = this.#failures([pattern])
    if (failures.size > 0) return failures
    for (const node of this.masters) if (!this.failingNodes.has(node)) done.add(node)
    const isDone = this.masters.every((node) => done.has(node))
    return isDone ? failures : new Map([[pattern, unavailable]])
  }

  readonly invalidateTags = async (tags: readonly string[]): Promise<Failures> =>
    this.#failures(tags)

  readonly raise = async (node: string): Promise<void> => {
    if (this.failingNodes.has(node)) throw unavailable
    this.raised.push(node)
  }

  readonly givenUp = (kind: ChangeKind, name: string, error: InfrastructureError): void => {
    this.lost.push(`${kind} ${name} ${error.code}`)
  }

  timesAsked(name: string): number {
    return this.asked.filter((each) => each === name).length
  }

  #failures(names: readonly string[]): Failures {
    this.asked.push(...names)
    this.onAsk()
    const failures = new Map<string, InfrastructureError>()
    for (const name of names) {
      const error = this.failing.get(name)
      if (error !== undefined) failures.set(name, error)
    }
    return failures
  }
}

const opened: PendingInvalidations[] = []

function open(): { server: Server; pending: PendingInvalidations } {
  const server = new Server()
  const pending = new PendingInvalidations(server)
  pending.start(server)
  opened.push(pending)
  return { server, pending }
}

afterEach(() => {
  for (const pending of opened.splice(0)) pending.close()
})

const untilEmpty = (pending: PendingInvalidations): Promise<void> =>
  vi.waitFor(() => expect(pending.size).toBe(0), 5_000)

/** Sends again at once what waits, as after a reconnect, until it has been sent so often. */
async function resend(pending: PendingInvalidations, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    pending.replayAll()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe('a pending invalidation', () => {
  test('is not trusted until it was sent: keys, patterns and tags', async () => {
    const { pending, server } = open()
    pending.add('key', 'a')
    pending.add('pattern', 'user:*')
    pending.add('tag', 't')
    expect(pending.size).toBe(3)
    expect(['a', 'user:1', 'b'].map((key) => pending.isTrusted(key))).toEqual([false, false, true])
    expect(['t', 'u'].map((tag) => pending.isTrustedTag(tag))).toEqual([false, true])
    pending.replay()
    await untilEmpty(pending)
    expect(server.asked.toSorted()).toEqual(['a', 't', 'user:*'])
    expect(['a', 'user:1'].every((key) => pending.isTrusted(key))).toBe(true)
    expect(pending.isTrustedTag('t')).toBe(true)
  })

  test('is sent with the revision that may stay', async () => {
    const { pending, server } = open()
    pending.add('key', 'written', { revision: 'r1' })
    pending.add('key', 'deleted')
    pending.replay()
    await untilEmpty(pending)
    expect(server.revisions).toEqual(['r1', undefined])
  })

  test('is not sent while Redis is away, and not after close', async () => {
    const { pending, server } = open()
    server.canSend = false
    pending.add('key', 'a')
    await resend(pending, 3)
    expect(server.asked).toEqual([])
    server.canSend = true
    pending.close()
    await resend(pending, 3)
    expect(server.asked).toEqual([])
  })

  test('is trusted again once a later change of the same name has reached Redis', () => {
    const { pending } = open()
    for (const kind of ['key', 'pattern', 'tag'] as const) {
      pending.add(kind, 'name')
      pending.confirm(kind, 'name')
    }
    expect(pending.size).toBe(0)
  })

  test('stays pending if it was added again while it was being sent', async () => {
    const { pending, server } = open()
    server.onAsk = () => {
      if (server.asked.length === 1) pending.add('key', 'a')
    }
    pending.add('key', 'a', { revision: 'r1' })
    pending.replay()
    await untilEmpty(pending)
    expect(server.revisions).toEqual(['r1', undefined])
  })

  test('is sent in chunks however much it is', async () => {
    const { pending, server } = open()
    for (let index = 0; index < 5_000; index++) pending.add('key', `key ${index}`)
    pending.replay()
    await untilEmpty(pending)
    expect(server.asked).toHaveLength(5_000)
  })

  test('grows in constant time although each addition asks for a replay', async () => {
    const { pending, server } = open()
    server.canSend = false
    const startedAt = performance.now()
    for (let index = 0; index < 50_000; index++) {
      pending.add('key', `key ${index}`)
      pending.replay()
    }
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })
})

describe('an invalidation that is refused', () => {
  test.each(['key', 'pattern', 'tag'] as const)('(a %s) does not hold up others', async (kind) => {
    const { pending, server } = open()
    server.failing.set('refused', refused)
    pending.add(kind, 'refused')
    pending.add('key', 'key')
    pending.add('pattern', 'pattern:*')
    pending.add('tag', 'tag')
    pending.replay()
    await vi.waitFor(() => expect(pending.size).toBe(1))
    expect(server.asked).toEqual(expect.arrayContaining(['key', 'pattern:*', 'tag']))
  })

  test('waits longer each time, also while others are added', async () => {
    const { pending, server } = open()
    server.failing.set('refused', refused)
    pending.add('key', 'refused')
    const endsAt = performance.now() + 1_000
    let others = 0
    while (performance.now() < endsAt) {
      pending.add('key', `other ${others++}`)
      pending.replay()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    // At 0, 250 and 750 ms.
    expect(server.timesAsked('refused')).toBeGreaterThan(1)
    expect(server.timesAsked('refused')).toBeLessThan(5)
    expect(new Set(server.asked).size).toBeGreaterThan(others / 2)
  })

  test.each(['key', 'pattern', 'tag'] as const)(
    '(a %s) is given up after 8 refusals, and reported once',
    async (kind) => {
      const { pending, server } = open()
      server.failing.set('refused', refused)
      pending.add(kind, 'refused')
      await resend(pending, 20)
      expect(pending.size).toBe(0)
      expect(server.timesAsked('refused')).toBe(8)
      expect(server.lost).toEqual([`${kind} refused BACKEND_REFUSED`])
      expect(pending.isTrusted('refused')).toBe(true)
    },
  )

  test.each([
    ['is away', unavailable],
    ['cannot save', refusal('MISCONF')],
    ['is out of memory', refusal('OOM')],
    ['lacks replicas', refusal('NOREPLICAS')],
    ['only reads', refusal('READONLY')],
    ['has lost a part of the cluster', refusal('CLUSTERDOWN')],
    ['changes its passwords', refusal('NOAUTH')],
  ])('is never given up while Redis %s', async (_, error) => {
    const { pending, server } = open()
    server.failing.set('a', error)
    pending.add('key', 'a')
    await resend(pending, 30)
    expect(server.timesAsked('a')).toBeGreaterThan(8)
    expect(server.lost).toEqual([])
    expect(pending.isTrusted('a')).toBe(false)
    server.failing.clear()
    await resend(pending, 1)
    expect(pending.size).toBe(0)
  })
})

describe('too much at once', () => {
  const MOST = { key: 100_000, pattern: 100, tag: 10_000 }

  test.each(['key', 'pattern', 'tag'] as const)(
    '(of kind %s) raises the generation while Redis is away',
    async (kind) => {
      const { pending, server } = open()
      server.canSend = false
      for (let index = 0; index < MOST[kind]; index++) pending.add(kind, `name ${index}`)
      expect(pending.size).toBe(MOST[kind])
      expect(pending.isTrusted('other')).toBe(true)
      pending.add(kind, 'one more')
      expect(pending.size).toBe(1)
      expect(pending.isTrusted('other')).toBe(false)
      server.canSend = true
      pending.replayAll()
      await untilEmpty(pending)
      expect(server.raised).toEqual(['one'])
      expect(server.asked).toEqual([])
      expect(pending.isTrusted('other')).toBe(true)
    },
  )

  test('raises it too while Redis answers but refuses all writes', async () => {
    const { pending, server } = open()
    const full = refusal('MISCONF')
    for (let index = 0; index <= MOST.pattern; index++) server.failing.set(`name ${index}`, full)
    pending.add('pattern', 'name 0')
    await resend(pending, 1)
    for (let index = 1; index <= MOST.pattern; index++) pending.add('pattern', `name ${index}`)
    expect(pending.size).toBe(1)
    pending.replay()
    await untilEmpty(pending)
    expect(server.raised).toEqual(['one'])
  })

  test('never raises the generation while Redis can be used', async () => {
    const { pending, server } = open()
    for (let index = 0; index < 101; index++) pending.add('pattern', `name ${index}:*`)
    for (let index = 0; index < 10_001; index++) pending.add('tag', `name ${index}`)
    pending.replay()
    await untilEmpty(pending)
    expect(server.raised).toEqual([])
    expect(new Set(server.asked).size).toBe(101 + 10_001)
  })
})

describe('a repeated change', () => {
  test('does not override a later delete that is pending', async () => {
    const { pending, server } = open()
    pending.add('key', 'a')
    pending.repeat('key', 'a', 'older')
    pending.repeat('key', 'b', 'r2')
    pending.replay()
    await untilEmpty(pending)
    expect(server.revisions).toEqual([undefined, 'r2'])
  })

  test('does not undo what a pattern has done already', () => {
    const { pending, server } = open()
    server.masters = ['one', 'two']
    pending.add('pattern', '*', { done: new Set(['one']) })
    pending.repeat('pattern', '*', undefined)
    expect(pending.isTrusted('one:a')).toBe(true)
  })
})

describe('several masters', () => {
  test('a pattern affects only keys of the nodes that have not carried it out', async () => {
    const { pending, server } = open()
    server.masters = ['one', 'two']
    server.failingNodes.add('two')
    pending.add('pattern', '*:a', { done: new Set() })
    expect(['one:a', 'two:a', 'two:b'].map((key) => pending.isTrusted(key))).toEqual([
      false,
      false,
      true,
    ])
    pending.replay()
    await vi.waitFor(() => expect(pending.isTrusted('one:a')).toBe(true))
    expect(pending.isTrusted('two:a')).toBe(false)
    server.failingNodes.clear()
    await resend(pending, 1)
    expect(pending.isTrusted('two:a')).toBe(true)
    expect(pending.size).toBe(0)
  })

  test('the generation of one node makes only its keys untrusted', async () => {
    const { pending, server } = open()
    server.masters = ['one', 'two']
    pending.addGeneration('two')
    expect(['one:a', 'two:a'].map((key) => pending.isTrusted(key))).toEqual([true, false])
    pending.replay()
    await untilEmpty(pending)
    expect(server.raised).toEqual(['two'])
  })

  test('a node whose generation cannot be raised does not hold up the others', async () => {
    const { pending, server } = open()
    server.masters = ['one', 'two']
    server.failingNodes.add('one')
    for (const node of server.masters) pending.addGeneration(node)
    pending.add('key', 'two:a')
    pending.replay()
    await vi.waitFor(() => expect(pending.size).toBe(1))
    expect(['one:a', 'two:a'].map((key) => pending.isTrusted(key))).toEqual([false, true])
    server.failingNodes.clear()
    await resend(pending, 1)
    expect(pending.size).toBe(0)
  })

  test('a node that was replaced leaves its raise to all nodes', async () => {
    const { pending, server } = open()
    pending.addGeneration('one')
    server.masters = ['two', 'three']
    pending.mastersChanged(server.masters)
    expect(pending.isTrusted('two:a')).toBe(false)
    pending.replay()
    await untilEmpty(pending)
    expect(server.raised.toSorted()).toEqual(['three', 'two'])
  })
})
