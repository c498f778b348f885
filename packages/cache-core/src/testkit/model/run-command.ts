import type { CacheInterface } from '../../cache-interface.js'
import { type CacheContract, isManual, promises } from '../contract.js'
import { listed } from '../presence.js'
import { expect } from '../test-runner.js'
import { type Command, KEYS, PATTERNS } from './commands.js'
import type { PlainModel } from './plain-model.js'

/** A cache and what it should do. */
export interface Pair {
  readonly contract: CacheContract
  readonly cache: CacheInterface
  readonly model: PlainModel
}

/** Runs a command on both, and fails unless they agree on the answer and on what is there now. */
export async function runCommand(command: Command, value: number, pair: Pair): Promise<void> {
  if (command.kind === 'getTtl') await compareLives(command.key, pair)
  else if (command.kind === 'advance') await advance(command.milliseconds, pair)
  else expect(await askCache(command, value, pair)).toEqual(askModel(command, value, pair))

  const { contract, cache, model } = pair
  if (promises(contract, 'scan')) {
    expect((await listed(cache)).toSorted()).toEqual(model.keys())
  } else {
    for (const key of KEYS)
      expect(await cache.exists(key), `exists('${key}')`).toBe(model.exists(key))
  }
}

type Asked = Exclude<Command, { kind: 'getTtl' | 'advance' }>

async function askCache(command: Asked, value: number, { cache }: Pair): Promise<unknown> {
  switch (command.kind) {
    case 'set':
      return cache.set(command.key, value, settings(command))
    case 'setMany':
      return cache.setMany(entries(command.keys, value), settings(command))
    case 'getOrSet': {
      const { ttl, tags, held } = command
      const grace = held ? ({ staleIfError: '1h' } as const) : {}
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

function askModel(command: Asked, value: number, { model }: Pair): unknown {
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

/** A cache without tags must not be handed any, not even none. */
function settings({ ttl, tags }: Extract<Command, { kind: 'set' | 'setMany' }>): object {
  return tags.length === 0 ? { ttl } : { ttl, tags }
}

/** Each with a value of its own, so that of two for one key the right one has to stay. */
function entries(keys: readonly string[], value: number): [key: string, value: number][] {
  return keys.map((key, index) => [key, value + index / 10])
}

async function advance(milliseconds: number, { contract, model }: Pair): Promise<void> {
  await contract.advance(milliseconds)
  model.advance(milliseconds)
}

async function compareLives(key: string, { contract, cache, model }: Pair): Promise<void> {
  const [answer, expected] = [await cache.getTtl(key), model.getTtl(key)]
  if (expected === 'default') {
    expect(answer, 'seconds left of the default life').not.toBeUndefined()
  } else if (typeof expected === 'number') {
    const passed = expected - (answer ?? Number.NaN)
    expect(passed, 'seconds that went missing').toBeGreaterThanOrEqual(-0.001)
    // Half a minute for all commands of a sequence, on a clock that does not stand still.
    expect(passed, 'seconds that went missing').toBeLessThan(isManual(contract) ? 0.001 : 30)
  } else {
    expect(answer, 'seconds left').toBe(expected)
  }
}
