import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'

/** A decoder of input that others can write. */
export interface FuzzTarget {
  /** Valid inputs, and hostile ones. They are cut, joined and changed. */
  readonly corpus: readonly Buffer[]
  /** Decodes an input. */
  readonly decode: (input: Buffer) => unknown
  /** Returns whether an error is one that the decoder promises. Default: no error is. */
  readonly isExpected?: (error: unknown) => boolean
}

/** The result of {@link fuzz}. */
export interface FuzzOutcome {
  readonly inputs: number
  /** Inputs that the decoder did not refuse. */
  readonly accepted: number
  /** The longest time of an input, in milliseconds: the shortest of several attempts. */
  readonly slowestMs: number
  /** The growth of the memory after a garbage collection, in bytes. */
  readonly growthBytes: number
}

const SLOW_MS = 50
const ATTEMPTS = 5
/** Bytes that mean something to one of the decoders. */
const TOKENS = [
  ...['', '\0', '\n', ' ', '"', '\\', '{', '}', '[', ']', ':', ',', '$', '@', '/', '%', '-', '='],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    '{"$',
    '"$date":',
    '"$map":[',
    '"$bytes":"',
    '1e999',
  ],
  ...['\ud800', '\u2028', 'é', '9'.repeat(40), '-0', 'null', 'V2 ', 'rediss://', 'toString'],
].map((text) => Buffer.from(text))

const change = fc.record({
  kind: fc.nat(5),
  at: fc.nat(),
  length: fc.nat(40),
  token: fc.nat(TOKENS.length - 1),
  other: fc.nat(),
})

/**
 * Decodes changed inputs of a corpus. Fails at the first error that the decoder does not promise, at an input that
 * takes longer than 50 ms in each of five attempts, and at a change of `Object.prototype`. The error names the random seed.
 */
export async function fuzz(
  { corpus, decode, isExpected = () => false }: FuzzTarget,
  inputs: number,
): Promise<FuzzOutcome> {
  const prototype = Object.getOwnPropertyNames(Object.prototype).length
  let [accepted, slowestMs] = [0, 0]
  const attempt = async (input: Buffer): Promise<number> => {
    const startedAt = performance.now()
    try {
      // A decoder may change its input, as a client never does.
      await decode(Buffer.from(input))
      accepted++
    } catch (error) {
      if (!isExpected(error)) throw error
    }
    return performance.now() - startedAt
  }
  const before = usedBytes()
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(change, { maxLength: 4 }), async (chosen, changes) => {
      const input = changes.reduce(
        (bytes, each) => changed(bytes, each, corpus),
        corpus[chosen % corpus.length] as Buffer,
      )
      let fastest = await attempt(input)
      // The machine may have been busy.
      for (let more = 1; more < ATTEMPTS && fastest > SLOW_MS; more++) {
        fastest = Math.min(fastest, await attempt(input))
      }
      slowestMs = Math.max(slowestMs, fastest)
      if (fastest > SLOW_MS) throw new Error(`an input took ${fastest} ms`)
      if (Object.getOwnPropertyNames(Object.prototype).length !== prototype) {
        throw new Error('Object.prototype was changed')
      }
    }),
    { numRuns: inputs },
  )
  return { inputs, accepted, slowestMs, growthBytes: usedBytes() - before }
}

function changed(
  bytes: Buffer,
  {
    kind,
    at,
    length,
    token,
    other,
  }: { readonly [Name in 'kind' | 'at' | 'length' | 'token' | 'other']: number },
  corpus: readonly Buffer[],
): Buffer {
  const start = at % (bytes.length + 1)
  const end = Math.min(bytes.length, start + length)
  const [head, tail] = [bytes.subarray(0, start), bytes.subarray(end)]
  switch (kind) {
    case 0: {
      const flipped = Buffer.from(bytes)
      if (start < flipped.length) flipped[start] = (flipped[start] as number) ^ (1 << (other % 8))
      return flipped
    }
    case 1:
      return head
    case 2:
      return Buffer.concat([head, tail])
    case 3:
      return Buffer.concat([head, TOKENS[token] as Buffer, bytes.subarray(start)])
    case 4:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)])
    default: {
      const from = corpus[other % corpus.length] as Buffer
      return Buffer.concat([head, from.subarray(at % (from.length + 1))])
    }
  }
}

/** Prints a table of outcomes by decoder in a run that sets `FUZZ_INPUTS`, such as the one at night. */
export function printOutcomes(outcomes: ReadonlyMap<string, FuzzOutcome>): void {
  if (!process.env['FUZZ_INPUTS']) return
  const rows = Array.from(outcomes, ([decoder, outcome]) => {
    const { inputs, accepted, slowestMs, growthBytes } = outcome
    const growth = (growthBytes / 1_048_576).toFixed(1)
    return `| ${decoder} | ${inputs} | ${accepted} | ${slowestMs.toFixed(1)} ms | ${growth} MiB |`
  })
  const head = [
    '| decoder | inputs | accepted | slowest | memory |',
    '| --- | --- | --- | --- | --- |',
  ]
  process.stdout.write(`${[...head, ...rows].join('\n')}\n`)
}

let collect: (() => void) | undefined

function usedBytes(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
  return process.memoryUsage().heapUsed + process.memoryUsage().external
}
