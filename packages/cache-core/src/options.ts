import { invalidOption } from './argument-errors.js'

/**
 * Returns a constructor option that must be an integer.
 *
 * @throws ConfigurationError (`INVALID_OPTION`) that names the option and its range
 */
export function integerOption(
  name: string,
  value: unknown,
  range: { readonly min: number; readonly max: number },
): number {
  if (Number.isInteger(value) && (value as number) >= range.min && (value as number) <= range.max) {
    return value as number
  }
  throw invalidOption(name, `an integer from ${range.min} to ${range.max}`, value)
}

/**
 * Returns a constructor option that must be one of a few words.
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
  throw invalidOption(name, `one of ${choices.map((choice) => `'${choice}'`).join(', ')}`, value)
}
