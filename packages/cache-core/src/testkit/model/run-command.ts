import type { CacheInterface } from '../../cache-interface.js'
import { type CacheContract, isManual, promises } from '../contract.js'
import { listed } from '../expectations.js'
import { expect } from '../test-runner.js'
import { type Command, KEYS, PATTERNS } from './commands.js'
import type { PlainModel } from './plain-model.js'

/** A cache and the model of its behavior. */
export interface Pair {
  readonly contract: CacheContract
  readonly cache: CacheInterface
  readonly model: PlainModel
}

/** Runs a command on the cache and the model. Fails unless results and keys are the same. */
export async function runCommand(command: Command, value: number, pair: Pair): Promise<void> {
  if (command.kind === 'getTtl') await compareTtls(command.key, pair)
  else if (command.kind === 'advance') await advance(command.milliseconds, pair)
  else expect(await callCache(command, value, pair)).toEqual(callModel(command, value, pair))

  const { contract, cache, model } = pair
  if (promises(contract, 'scan')) {
    expect((await listed(cache)).toSorted()).toEqual(model.keys())
  } else {
    for (const key of KEYS)
      expect(await cache.exists(key), `exists('${key}')`).toBe(model.exists(key))
  }
}

type Called = Exclude<Command, { kind: 'getTtl' | 'advance' }>

async function callCache(command: Called, value: number, { cache }: Pair): Promise<unknown> {
  switch (command.kind) {
    case 'set':
      return cache.set(command.key, value, settings(command))
    case 'setMany':
      return cache.setMany(entries(command.keys, value), settings(command))
    case 'getOrSet': {
      const { ttl, tags, hasGrace } = command
      const grace = hasGrace ? ({ staleIfError: '1h' } as const) : {}
      return cache.getOrSet(command.key, () => value, { ttl, tags, ...grace })
    }
    case 'getMany':
    case 'deleteMany':
      return cache[command.kind](command.keys)
    case 'scan':
      return (await listed(cache, command.pattern)).toSorted()
    case 'invalidatePattern':
      return cache.invalidatePattern(command.pattern)
    case 'invalidateTags':
      return cache.invalidateTags(command.tags)
    case 'clear':
      return cache.clear()
    default:
      return cache[command.kind](command.key)
  }
}

function callModel(command: Called, value: number, { model }: Pair): unknown {
  switch (command.kind) {
    case 'set':
      return model.set(command.key, value, command.ttl, command.tags)
    case 'setMany':
      for (const [key, each] of entries(command.keys, value)) {
        model.set(key, each, command.ttl, command.tags)
      }
      return undefined
    case 'getOrSet':
      if (!model.exists(command.key)) model.set(command.key, value, command.ttl, command.tags)
      return model.get(command.key)
    case 'deleteMany': {
      const named = new Set(command.keys)
      return model.deleteMatching((key) => named.has(key))
    }
    case 'scan':
      return model.keys().filter(PATTERNS[command.pattern])
    case 'getMany':
      return model.getMany(command.keys)
    case 'invalidatePattern':
      return model.deleteMatching(PATTERNS[command.pattern])
    case 'invalidateTags':
      return model.invalidateTags(command.tags)
    case 'clear':
      return model.deleteMatching(() => true)
    default:
      return model[command.kind](command.key)
  }
}

/** Returns options without `tags` if there are none, because a cache may not support tags. */
function settings({ ttl, tags }: Extract<Command, { kind: 'set' | 'setMany' }>): object {
  return tags.length === 0 ? { ttl } : { ttl, tags }
}

/** Returns entries with different values, so that the values of a repeated key can be distinguished. */
function entries(keys: readonly string[], value: number): [key: string, value: number][] {
  return keys.map((key, index) => [key, value + index / 10])
}

async function advance(milliseconds: number, { contract, model }: Pair): Promise<void> {
  await contract.advance(milliseconds)
  model.advance(milliseconds)
}

async function compareTtls(key: string, { contract, cache, model }: Pair): Promise<void> {
  const [ttl, expected] = [await cache.getTtl(key), model.getTtl(key)]
  if (expected === 'default') {
    expect(ttl, 'remaining seconds of the default TTL').not.toBeUndefined()
  } else if (typeof expected === 'number') {
    const passed = expected - (ttl ?? Number.NaN)
    expect(passed, 'seconds below the expected TTL').toBeGreaterThanOrEqual(-0.001)
    // With a real clock, all commands of a sequence together may take half a minute.
    expect(passed, 'seconds below the expected TTL').toBeLessThan(isManual(contract) ? 0.001 : 30)
  } else {
    expect(ttl, 'remaining seconds').toBe(expected)
  }
}
