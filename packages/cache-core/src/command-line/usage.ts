import { ValidationError } from '../errors.js'
import { nearestName } from '../known-fields.js'

/** The part of an option of `commander` that messages need. */
export interface CommandOption {
  readonly long?: string | undefined
  readonly short?: string | undefined
  /** As the help shows it, such as `--count <number>`. */
  readonly flags: string
  readonly hidden: boolean
}

/** The part of a command of `commander` that {@link runCommandLine} needs. */
export interface CommandLine {
  readonly commands: readonly CommandLine[]
  readonly options: readonly CommandOption[]
  name(): string
  exitOverride(): unknown
  configureOutput(output: { outputError(text: string): void }): unknown
  /** Calls a function each time that an event such as `option:count` occurs. */
  on(event: string, listener: () => void): unknown
  parseAsync(): Promise<unknown>
}

/** An error of `commander`. It is recognized by its code, because this package does not import `commander`. */
interface UsageError {
  readonly code: string
  readonly exitCode: number
  readonly message: string
}

const WORD = /^[\w-]{1,40}$/

/**
 * Rejects an option with one value that is given twice, because the first value would be ignored.
 *
 * @throws ValidationError, when the command line is parsed
 */
export function refuseRepeatedOptions(command: CommandLine): void {
  for (const { long, flags } of command.options) {
    if (long === undefined || !/[^.]>$/.test(flags)) continue
    let isGiven = false
    command.on(`option:${long.slice(2)}`, () => {
      if (isGiven) throw new ValidationError(`${long} must be given once; received it twice`)
      isGiven = true
    })
  }
}

/** Replaces the name of an argument at the start of a message by the flag of the same name. */
export function withFlag(message: string, program: CommandLine, words: readonly string[]): string {
  const [, { options }] = commandOf(program, words)
  const [argument = ''] = /^[A-Za-z]+(?=[\s.[])/.exec(message) ?? []
  const flag = `--${argument.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  const isFlag = options.some(({ long }) => long === flag)
  return isFlag ? `${flag}${message.slice(argument.length)}` : message
}

/** Returns the end of a help page: one example a line, without the prompt of a shell. */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  ${line}`)].join('\n')
}

export function isUsageError(error: unknown): error is UsageError {
  const { code, exitCode } = Object(error) as Partial<Record<keyof UsageError, unknown>>
  return typeof code === 'string' && code.startsWith('commander.') && typeof exitCode === 'number'
}

/**
 * Returns one line about a wrong use of a command, without any value.
 *
 * @param words - the arguments of the process
 * @returns `undefined` if the command has printed its help or version
 */
export function describeUsage(
  { code, message }: UsageError,
  program: CommandLine,
  words: readonly string[],
): string | undefined {
  if (/^commander\.(help|helpDisplayed|version)$/.test(code)) return undefined
  const [path, command] = commandOf(program, words)
  const help = `Run ${path} --help for examples`
  if (code === 'commander.unknownOption') {
    const [, flag = ''] = /unknown option '(-{1,2}[\w-]*)/.exec(message) ?? []
    const known = command.options.find(({ long, short }) => long === flag || short === flag)
    // The option precedes the name of the command, so the program itself has parsed it.
    if (known !== undefined)
      return `${flag} must follow the command: ${path} ${usageOf(flag, known)}`
    return `${flag} is not an option of ${path}. ${suggestFlag(flag, program, command) ?? help}`
  }
  if (code === 'commander.unknownCommand') {
    const [, name = ''] = /unknown command '([^']*)'/.exec(message) ?? []
    const names = command.commands.map((each) => each.name())
    const nearest = WORD.test(name) ? nearestName(name, names) : undefined
    const suggestion = nearest === undefined ? help : `Did you mean ${nearest}?`
    return `${WORD.test(name) ? name : 'this'} is not a command of ${path}. ${suggestion}`
  }
  if (code === 'commander.invalidArgument') return invalidValue(message)
  return `${ruleOf(code, message)}. ${help}`
}

/** Returns the rule that was broken, in the form of the other errors if the code is known. */
function ruleOf(code: string, message: string): string {
  const names = Array.from(message.matchAll(/'(--?[\w-]+|[\w-]+)[^']*'/g), ([, name]) => name)
  const [name = 'an option', other = 'the other'] = names
  switch (code) {
    case 'commander.missingArgument':
    case 'commander.missingMandatoryOptionValue':
      return `${name} must be given`
    case 'commander.optionMissingArgument':
      return `${name} must have a value`
    case 'commander.conflictingOption':
      return `${name} must not be given with ${other}`
    case 'commander.excessArguments':
      return 'too many arguments'
    default:
      return 'wrong arguments'
  }
}

/** Returns a line such as `--style must be one of readable, hashed; received another text`. */
function invalidValue(message: string): string {
  const [, option, argument] =
    /option '(?:-\w, )?(--?[\w-]+)|for argument '([\w-]+)'/.exec(message) ?? []
  const rule = message.slice(message.lastIndexOf("'") + 1).replace(/^ is invalid\. |^\. /, '')
  const [, choices] = /Allowed choices are (.*)\.$/s.exec(rule) ?? []
  const stated = choices === undefined ? rule : `must be one of ${choices}; received another text`
  return `${option ?? argument ?? 'an argument'} ${stated}`
}

function suggestFlag(flag: string, program: CommandLine, command: CommandLine): string | undefined {
  const flags = [...command.options, ...program.options].flatMap(({ long, hidden }) =>
    long === undefined || hidden ? [] : [long],
  )
  const nearest = nearestName(flag, [...flags, '--help'])
  return nearest === undefined ? undefined : `Did you mean ${nearest}?`
}

/** Returns a flag with the name of its value, if it has one: `--count <number>`. */
function usageOf(flag: string, { flags }: CommandOption): string {
  const [value] = /[<[][^<>[\]]+[>\]]$/.exec(flags) ?? []
  return value === undefined ? flag : `${flag} ${value}`
}

/** Returns the command that the arguments name, with its path. */
function commandOf(program: CommandLine, words: readonly string[]): [string, CommandLine] {
  let [path, command] = [program.name(), program]
  for (const word of words) {
    const inner = command.commands.find((each) => each.name() === word)
    if (inner === undefined) continue
    command = inner
    path = `${path} ${word}`
  }
  return [path, command]
}
