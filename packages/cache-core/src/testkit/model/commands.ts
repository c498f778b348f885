import fc from 'fast-check'
import type { Ttl } from '../../duration.js'
import { type CacheContract, isManual, promises } from '../contract.js'

/** One call, as fast-check makes it up and prints it. */
export type Command =
  | { readonly kind: 'get' | 'delete' | 'exists' | 'getTtl'; readonly key: string }
  | ({ readonly kind: 'set'; readonly key: string } & Stored)
  | ({ readonly kind: 'getOrSet'; readonly key: string; readonly held: boolean } & Stored)
  | ({ readonly kind: 'setMany'; readonly keys: readonly string[] } & Stored)
  | { readonly kind: 'getMany' | 'deleteMany'; readonly keys: readonly string[] }
  | { readonly kind: 'invalidatePattern' | 'scan'; readonly pattern: Pattern }
  | { readonly kind: 'invalidateTags'; readonly tags: readonly string[] }
  | { readonly kind: 'clear' }
  | { readonly kind: 'advance'; readonly milliseconds: number }

interface Stored {
  readonly ttl: Ttl | undefined
  readonly tags: readonly string[]
}

export type Pattern = 'a*' | '?3' | 'b[0-3]' | '*' | 'none*'

/** Globs, each with another way to say what it matches. */
export const PATTERNS: Readonly<Record<Pattern, (key: string) => boolean>> = {
  'a*': (name) => name.startsWith('a'),
  '?3': (name) => name.endsWith('3'),
  'b[0-3]': (name) => /^b[0-3]$/.test(name),
  '*': () => true,
  'none*': () => false,
}

export const KEYS: readonly string[] = Array.from(
  { length: 16 },
  (_, index) => `${index < 8 ? 'a' : 'b'}${index % 8}`,
)

/** A sequence of so many commands ends long before the shortest default life. */
const LONGEST_SEQUENCE = 100
/** Sequences are about half as long on average. */
export const USUAL_SEQUENCE: number = LONGEST_SEQUENCE / 2

const LONG_LIVES: readonly (Ttl | undefined)[] = [undefined, null, '1h', 7_200, '36500d']
const SHORT_LIVES: readonly Ttl[] = [0.005, '1ms', '5ms', '20ms', '50ms']

const key = fc.constantFrom(...KEYS)
const keys = fc.array(key, { maxLength: 5 })
const pattern = fc.constantFrom(...(Object.keys(PATTERNS) as Pattern[]))
const tag = fc.constantFrom('red', 'green', 'blue', 'redder')

/** Sequences of the commands that the implementation has, on 16 keys. */
export function sequences(contract: CacheContract): fc.Arbitrary<Command[]> {
  const lives = isManual(contract) ? [...LONG_LIVES, ...SHORT_LIVES] : LONG_LIVES
  const stored = {
    ttl: fc.constantFrom(...lives),
    tags: promises(contract, 'tags') ? fc.array(tag, { maxLength: 3 }) : fc.constant([]),
  }
  const commands: fc.WeightedArbitrary<Command>[] = [
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('set'), key, ...stored }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('get', 'delete', 'exists'), key }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('getOrSet'),
        key,
        held: promises(contract, 'stale') ? fc.boolean() : fc.constant(false),
        ...stored,
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('setMany'), keys, ...stored }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('getMany', 'deleteMany'), keys }) },
    ...optionalCommands(contract),
  ]
  return fc.array(fc.oneof(...commands), { maxLength: LONGEST_SEQUENCE, size: 'max' })
}

function optionalCommands(contract: CacheContract): fc.WeightedArbitrary<Command>[] {
  const commands: fc.WeightedArbitrary<Command>[] = []
  if (promises(contract, 'getTtl')) {
    commands.push({ weight: 2, arbitrary: fc.record({ kind: fc.constant('getTtl'), key }) })
  }
  if (promises(contract, 'scan')) {
    const kind = fc.constantFrom('invalidatePattern', 'scan')
    commands.push({ weight: 2, arbitrary: fc.record({ kind, pattern }) })
    commands.push({ weight: 1, arbitrary: fc.record({ kind: fc.constant('clear') }) })
  }
  if (promises(contract, 'tags')) {
    const kind = fc.constant('invalidateTags')
    const tags = fc.array(tag, { maxLength: 2 })
    commands.push({ weight: 2, arbitrary: fc.record({ kind, tags }) })
  }
  if (isManual(contract)) {
    const milliseconds = fc.integer({ min: 1, max: 30 })
    commands.push({
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('advance'), milliseconds }),
    })
  }
  return commands
}
