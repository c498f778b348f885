// Checks that a cache works before its speed is measured.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { CONTENDERS } from './caches.mjs'
import { makeValue } from './values.mjs'

const TTL = 100
const LONG_TTL = 600_000
const FALSY = [0, false, '', null]

/**
 * @param {string} name of a contender
 * @returns {Promise<string[]>} its failures
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
    const { write, read } = await accessOf(create, LONG_TTL)
    await write('key', makeValue(1))
    assert.deepEqual(await read('key'), makeValue(1), 'another value came back')
  },

  async 'falsy values'({ create }) {
    const { write, read } = await accessOf(create, LONG_TTL)
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
    const { getOrSet } = await create({ ttl: LONG_TTL, maxSize: 1_000, loader })
    if (getOrSet === undefined) return
    for (const [index, value] of FALSY.entries()) {
      loaded = value
      for (const _ of [1, 2]) assert.equal(await getOrSet(`key ${value}`), value)
      assert.equal(loads, index + 1, `${JSON.stringify(value)} was loaded again`)
    }
  },

  async expiry({ create, shortestTtl = TTL }) {
    const { write, read } = await accessOf(create, shortestTtl)
    await write('key', makeValue(1))
    assert.deepEqual(await read('key'), makeValue(1), 'missed at once')
    // Half a TTL later, because few caches promise the exact millisecond.
    await sleep(shortestTtl * 1.5)
    assert.equal((await read('key')) ?? MISSED, MISSED, 'returned a value after its TTL')
  },

  async 'expiry, loaded'({ create, shortestTtl = TTL }) {
    let loads = 0
    const loader = async () => ++loads
    const { getOrSet } = await create({ ttl: shortestTtl, maxSize: 1_000, loader })
    if (getOrSet === undefined) return
    for (const _ of [1, 2]) assert.equal(await getOrSet('key'), 1, 'loaded twice at once')
    await sleep(shortestTtl * 1.5)
    assert.equal(await getOrSet('key'), 2, 'returned a value after its TTL')
  },

  async 'isolation as claimed'({ create, isolation }) {
    const { write, read } = await accessOf(create, LONG_TTL)
    const written = makeValue(1)
    await write('writer', written)
    written.author.name = 'changed'
    const writerReaches = (await read('writer')).author.name === 'changed'

    await write('reader', makeValue(1))
    const found = await read('reader')
    try {
      found.author.name = 'changed'
    } catch (error) {
      // A frozen object protects the cache as well as a copy does.
      assert(error instanceof TypeError)
    }
    const readerReaches = (await read('reader')).author.name === 'changed'
    const seen = readerReaches ? 'reference' : writerReaches ? 'reads' : 'safe'
    assert.equal(seen, isolation, `is '${seen}', claimed '${isolation}'`)
  },
}

const MISSED = Symbol('missed')

/**
 * Returns functions that write and read with the functions that a cache has. Some caches can only load.
 *
 * @param {import('./caches.mjs').Contender['create']} create
 * @param {number} ttl
 */
async function accessOf(create, ttl) {
  /** @type {unknown} */
  let toLoad = MISSED
  const cache = await create({ ttl, maxSize: 1_000, loader: async () => toLoad })
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
