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

/**
 * Returns a constructor option that is true or false.
 *
 * @param otherwise - the value of an option that is left out
 * @throws ConfigurationError (`INVALID_OPTION`)
 */
export function flagOption(name: string, value: unknown, otherwise = false): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? otherwise
  throw invalidOption(name, 'true or false', value)
}

const TRUE: ReadonlySet<string> = new Set(['true', '1', 'yes', 'on'])
const FALSE: ReadonlySet<string> = new Set(['false', '0', 'no', 'off'])

/** Returns the meaning of a text such as `yes` or `off`, in any case of letters; `undefined` for another text. */
export function parseFlag(text: string): boolean | undefined {
  const word = text.toLowerCase()
  if (TRUE.has(word)) return true
  return FALSE.has(word) ? false : undefined
}
