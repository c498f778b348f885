import { CacheError, isError, isSystemError, ValidationError } from '../errors.js'
import { Interruption } from './interruption.js'
import {
  type CommandLine,
  describeUsage,
  isUsageError,
  refuseRepeatedOptions,
  withFlag,
} from './usage.js'

/** A URL with a user or a password. */
const URL_WITH_LOGIN = /[a-z][a-z0-9+.-]*:\/\/[^\s/@[\]]+@\S*/gi

/**
 * Runs a program of `commander` until its command has ended.
 *
 * A failure prints one line, without a stack and without passwords. The exit code is 1 for a failure, 2
 * for wrong arguments, 130 after Ctrl-C and 143 after SIGTERM. If the reader of the output closes the
 * pipe, the process ends without a message.
 *
 * @param create - creates the program. Its commands must clean up and return when the signal is aborted
 */
export async function runCommandLine(create: (signal: AbortSignal) => CommandLine): Promise<void> {
  const interruption = new Interruption()
  process.on('uncaughtException', (error) => interruption.fail(explain(error)))
  const program = create(interruption.signal)
  for (const command of allOf(program)) {
    command.exitOverride()
    refuseRepeatedOptions(command)
    // Usage errors are thrown too, and printed by `report`.
    command.configureOutput({ outputError: () => undefined })
  }
  try {
    await program.parseAsync()
  } catch (error) {
    if (!interruption.signal.aborted) report(error, program)
  }
  interruption.finish()
}

function report(error: unknown, program: CommandLine): void {
  const words = process.argv.slice(2)
  if (isUsageError(error)) {
    const line = describeUsage(error, program, words)
    if (line !== undefined) process.stderr.write(`error: ${line}\n`)
    process.exitCode = error.exitCode === 0 ? 0 : 2
    return
  }
  const isWrongUse = error instanceof ValidationError
  const line = isWrongUse ? withFlag(explain(error), program, words) : explain(error)
  process.stderr.write(`error: ${line}\n`)
  process.exitCode = isWrongUse ? 2 : 1
}

/** Returns the message of an error that never contains values, or the class of any other error. */
function explain(error: unknown): string {
  const isSafe = error instanceof CacheError || isSystemError(error)
  const message = isSafe
    ? error.message
    : `unexpected ${isError(error) ? error.name : 'failure'}; please report it`
  return message.replaceAll(URL_WITH_LOGIN, '<url>').replaceAll(/\s*\n\s*/g, ' ')
}

function allOf(command: CommandLine): CommandLine[] {
  return [command, ...command.commands.flatMap(allOf)]
}
