import fc from 'fast-check'
import type { Ttl } from '../../duration.js'
import { type CacheContract, isManual, promises } from '../contract.js'

/** A call that fast-check generates and prints. */
export type Command =
  | { readonly kind: 'get' | 'delete' | 'exists' | 'getTtl'; readonly key: string }
  | ({ readonly kind: 'set'; readonly key: string } & Stored)
  | ({ readonly kind: 'getOrSet'; readonly key: string; readonly hasGrace: boolean } & Stored)
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

/** Globs, each with an equivalent function. */
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

/** Maximum length of a sequence, which ends long before the shortest default TTL. */
const LONGEST_SEQUENCE = 100
/** Average length of a sequence. */
export const USUAL_SEQUENCE: number = LONGEST_SEQUENCE / 2

const LONG_TTLS: readonly (Ttl | undefined)[] = [undefined, null, '1h', 7_200, '36500d']
const SHORT_TTLS: readonly Ttl[] = [0.005, '1ms', '5ms', '20ms', '50ms']

const key = fc.constantFrom(...KEYS)
const keys = fc.array(key, { maxLength: 5 })
const pattern = fc.constantFrom(...(Object.keys(PATTERNS) as Pattern[]))
const tag = fc.constantFrom('red', 'green', 'blue', 'redder')

/** Generates sequences of the commands that the implementation has, on 16 keys. */
export function sequences(contract: CacheContract): fc.Arbitrary<Command[]> {
  const ttls = isManual(contract) ? [...LONG_TTLS, ...SHORT_TTLS] : LONG_TTLS
  const stored = {
    ttl: fc.constantFrom(...ttls),
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
        hasGrace: promises(contract, 'stale') ? fc.boolean() : fc.constant(false),
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
