import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COMMAND, type Command, MAX_SIZE, mayForget, newPair, run } from './model/commands.js'
import type { PlainCounts } from './model/plain-cache.js'

/** Minimum number of commands. */
const COMMANDS = Number(process.env['MODEL_COMMANDS'] ?? 20_000)
/** Average length of a sequence. The maximum is 200 commands. */
const SEQUENCES = COMMANDS / 50
const SEED = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31)

test('the cache agrees with a plain model after each of many commands', async () => {
  let commandsRun = 0
  const seen = { hits: 0, misses: 0, staleServed: 0, evictions: 0, expirations: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(COMMAND, { maxLength: 200, size: 'max' }), async (commands) => {
      for (const counts of await runAll(commands)) {
        for (const name of Object.keys(seen) as (keyof PlainCounts)[]) seen[name] += counts[name]
      }
      commandsRun += commands.length
    }),
    { numRuns: SEQUENCES, seed: SEED },
  )
  expect(commandsRun).toBeGreaterThan(COMMANDS)
  // Each kind of event must be frequent enough for the agreement to mean something.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(commandsRun / 200)
  console.log(`${commandsRun} commands, seed ${SEED}, 0 divergences`)
}, 1_200_000)

/** Returns the counts of the caches, each restored from a snapshot of the one before. */
async function runAll(commands: readonly Command[]): Promise<PlainCounts[]> {
  const pair = newPair()
  const counts = [pair.model.counts]
  /** An expired entry is removed and counted later, unless it is overwritten or invalidated first. */
  let perhapsUncounted = 0
  const expectExpirations = (notYetDropped: number): void => {
    const uncounted = pair.model.counts.expirations - pair.cache.getStats().expirations
    expect(uncounted).toBeGreaterThanOrEqual(0)
    expect(uncounted).toBeLessThanOrEqual(perhapsUncounted + notYetDropped)
  }

  for (const [index, command] of commands.entries()) {
    const alive = new Set(pair.model.retained())
    const dead = pair.cache.getKeys().filter((key) => !alive.has(key))
    perhapsUncounted += dead.filter((key) => mayForget(command, key)).length
    const answers = await run(command, index, pair)
    const { cache, model } = pair
    model.expire()
    if (command.kind === 'restore') {
      counts.push(model.counts)
      perhapsUncounted = 0
    }

    expect(answers.cache).toEqual(answers.model)
    expect(cache.getActiveKeys()).toEqual(model.fresh())
    const retained = cache.snapshot().entries.map(({ key }) => key)
    expect(retained.toReversed()).toEqual(model.retained())
    const { hits, misses, staleServed, evictions } = model.counts
    const activeEntries = model.fresh().length
    const stats = cache.getStats()
    expect(stats).toMatchObject({ hits, misses, staleServed, evictions, activeEntries })
    expect(stats.totalEntries).toBe(activeEntries + stats.expiredEntries)
    expect(stats.totalEntries).toBeGreaterThanOrEqual(model.retained().length)
    expect(stats.totalEntries).toBeLessThanOrEqual(MAX_SIZE)
    expectExpirations(stats.totalEntries - model.retained().length)
  }

  expect(pair.cache.size()).toBe(pair.model.fresh().length)
  expect(pair.cache.getStats().totalEntries).toBe(pair.model.retained().length)
  expectExpirations(0)
  return counts
}
