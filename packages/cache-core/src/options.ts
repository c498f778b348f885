import { ConfigurationError, describeType } from './errors.js'

/**
 * Checks an integer constructor option.
 *
 * @throws ConfigurationError (`INVALID_OPTION`) that names the option, what it is and its range
 */
export function integerOption(
  name: string,
  value: unknown,
  range: { readonly min: number; readonly max: number },
): number {
  if (Number.isInteger(value) && (value as number) >= range.min && (value as number) <= range.max) {
    return value as number
  }
  throw invalidOption(name, value, `an integer from ${range.min} to ${range.max}`)
}

/**
 * Checks a constructor option that is one of a few words.
 *
 * @throws ConfigurationError (`INVALID_OPTION`)
 */
export function choiceOption<Choice extends string>(
  name: string,
  value: unknown,
  choices: readonly Choice[],
): Choice {
  const chosen = choices.find((choice) => choice === value)
  if (chosen !== undefined) return chosen
  throw invalidOption(name, value, choices.map((choice) => `'${choice}'`).join(', '))
}

/** The error for a constructor option that is not allowed. */
export function invalidOption(name: string, value: unknown, allowed: string): ConfigurationError {
  const shown = typeof value === 'number' ? String(value) : describeType(value)
  return new ConfigurationError(`option ${name} is ${shown}; allowed: ${allowed}`, {
    code: 'INVALID_OPTION',
    context: { option: name, received: shown },
  })
}
