// What a cache must do right before anybody looks at how fast it is.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { CONTENDERS } from './caches.mjs'
import { makeValue } from './values.mjs'

const LIFE = 100
const LONG_LIFE = 600_000
const FALSY = [0, false, '', null]

/**
 * @param {string} name of a contender
 * @returns {Promise<string[]>} what it does wrong
 */
export async function failuresOf(name) {
  /** @type {string[]} */
  const failures = []
  for (const [what, check] of Object.entries(CHECKS)) {
    try {
      await check(CONTENDERS[name])
    } catch (error) {
      failures.push(`${what}: ${String(error?.message ?? error).split('\n')[0]}`)
    }
  }
  return failures
}

/** @type {Record<string, (contender: import('./caches.mjs').Contender) => Promise<void>>} */
const CHECKS = {
  async 'round trip'({ create }) {
    const { write, read } = await tell(create, LONG_LIFE)
    await write('key', makeValue(1))
    assert.deepEqual(await read('key'), makeValue(1), 'another value came back')
  },

  async 'falsy values'({ create }) {
    const { write, read } = await tell(create, LONG_LIFE)
    for (const value of FALSY) {
      await write(`key ${value}`, value)
      assert.equal(await read(`key ${value}`), value, `${JSON.stringify(value)} was lost`)
    }
  },

  async 'falsy values, loaded'({ create }) {
    let loads = 0
    /** @type {unknown} */
    let loaded
    const loader = async () => {
      loads++
      return loaded
    }
    const { getOrSet } = await create({ life: LONG_LIFE, maxSize: 1_000, loader })
    if (getOrSet === undefined) return
    for (const [index, value] of FALSY.entries()) {
      loaded = value
      for (const _ of [1, 2]) assert.equal(await getOrSet(`key ${value}`), value)
      assert.equal(loads, index + 1, `${JSON.stringify(value)} was loaded again`)
    }
  },

  async expiry({ create, shortestLife = LIFE }) {
    const { write, read } = await tell(create, shortestLife)
    await write('key', makeValue(1))
    assert.deepEqual(await read('key'), makeValue(1), 'missed at once')
    // Half a life late: few promise the exact millisecond.
    await sleep(shortestLife * 1.5)
    assert.equal((await read('key')) ?? MISSED, MISSED, 'answered after its life was over')
  },

  async 'expiry, loaded'({ create, shortestLife = LIFE }) {
    let loads = 0
    const loader = async () => ++loads
    const { getOrSet } = await create({ life: shortestLife, maxSize: 1_000, loader })
    if (getOrSet === undefined) return
    for (const _ of [1, 2]) assert.equal(await getOrSet('key'), 1, 'loaded twice at once')
    await sleep(shortestLife * 1.5)
    assert.equal(await getOrSet('key'), 2, 'answered after its life was over')
  },

  async 'isolation as claimed'({ create, isolation }) {
    const { write, read } = await tell(create, LONG_LIFE)
    const written = makeValue(1)
    await write('writer', written)
    written.author.name = 'changed'
    const writerReaches = (await read('writer')).author.name === 'changed'

    await write('reader', makeValue(1))
    const answer = await read('reader')
    try {
      answer.author.name = 'changed'
    } catch (error) {
      // A frozen answer refuses; that protects the cache as well as a copy does.
      assert(error instanceof TypeError)
    }
    const readerReaches = (await read('reader')).author.name === 'changed'
    const seen = readerReaches ? 'reference' : writerReaches ? 'reads' : 'safe'
    assert.equal(seen, isolation, `is '${seen}', claimed '${isolation}'`)
  },
}

const MISSED = Symbol('missed')

/**
 * Writes and reads by whichever calls a cache has; some can only load.
 *
 * @param {import('./caches.mjs').Contender['create']} create
 * @param {number} life
 */
async function tell(create, life) {
  /** @type {unknown} */
  let toLoad = MISSED
  const cache = await create({ life, maxSize: 1_000, loader: async () => toLoad })
  return {
    /** @type {(key: string, value: unknown) => Promise<void>} */
    write: async (key, value) => {
      if (cache.set !== undefined) {
        await cache.set(key, value)
        return
      }
      toLoad = value
      await cache.getOrSet(key)
      toLoad = MISSED
    },
    read: (key) => (cache.get === undefined ? cache.getOrSet(key) : cache.get(key)),
  }
}
