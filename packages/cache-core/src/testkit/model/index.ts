import fc from 'fast-check'
import { type CacheContract, isManual } from '../contract.js'
import { test } from '../test-runner.js'
import { type Command, sequences, USUAL_SEQUENCE } from './commands.js'
import { PlainModel } from './plain-model.js'
import { runCommand } from './run-command.js'

/** Maximum duration of one sequence. */
const SEQUENCE_TIMEOUT_MS = 20_000
/** Maximum duration of the search for the shortest failing sequence, after the run itself. */
const SHRINKING_MS = 30_000

export function modelTests(contract: CacheContract): void {
  const { commands = isManual(contract) ? 4_000 : 400, seed = randomSeed() } = contract.model ?? {}
  if (commands === 0) return
  const limit = SHRINKING_MS + commands * 20

  test(
    'the cache agrees with a plain model after each of many commands',
    async () => {
      const property = fc.asyncProperty(sequences(contract), (sequence) =>
        runSequence(contract, sequence),
      )
      const outcome = await fc.check(property, {
        seed,
        numRuns: Math.ceil(commands / USUAL_SEQUENCE),
        timeout: SEQUENCE_TIMEOUT_MS,
        interruptAfterTimeLimit: limit,
        markInterruptAsFailure: true,
      })
      if (!outcome.failed) return
      const again = `Run it again with the contract option model: { commands: ${commands}, seed: ${seed} }`
      throw new Error(`${again}\n${fc.defaultReportMessage(outcome)}`, {
        cause: outcome.errorInstance,
      })
    },
    limit + SEQUENCE_TIMEOUT_MS,
  )
}

async function runSequence(contract: CacheContract, sequence: readonly Command[]): Promise<void> {
  const cache = await contract.create()
  const pair = { contract, cache, model: new PlainModel() }
  try {
    for (const [index, command] of sequence.entries()) await runCommand(command, index, pair)
  } finally {
    await cache.close()
  }
}

function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 31)
}
