import { ConfigurationError } from '@verbatim/cache-core'
import { invalidOption, recognizeCopies } from '@verbatim/cache-core/implement'

/** One error in a configuration, or one piece of advice, with its location. */
export interface ConfigProblem {
  /**
   * The name as it was written, such as `text_size_tiers.small` or `AI_CACHE_DEFAULT_TTL`. Empty for
   * the whole file.
   */
  readonly path: string
  /** The problem, such as `must be true or false; received a string`. Never holds a value. */
  readonly message: string
  /** The line in a file, from 1. */
  readonly line?: number | undefined
  /** The column in that line, from 1. */
  readonly column?: number | undefined
}

/** Returns a sentence such as `line 3, column 7: compression_level must be …`. */
export function sentenceOf({ path, message, line, column }: ConfigProblem): string {
  const place = [
    line === undefined ? '' : `line ${line}`,
    column === undefined ? '' : `column ${column}`,
  ].filter((part) => part !== '')
  const subject = path === '' ? message : `${path} ${message}`
  return place.length === 0 ? subject : `${place.join(', ')}: ${subject}`
}

/**
 * Returns one error that lists every problem and holds no value.
 *
 * @param source - the subject of the message, such as the name of a file
 */
export function configurationError(
  source: string,
  problems: readonly ConfigProblem[],
  cause?: unknown,
): ConfigurationError {
  const sentences = problems.map(sentenceOf).join('. ').replaceAll('?. ', '? ')
  return new ConfigurationError(`${source} is invalid: ${sentences}`, {
    code: 'INVALID_CONFIGURATION',
    context: { problems },
    cause,
  })
}

/** Returns whether a value is an object with fields. A `Map` or an array has items instead. */
export function isFieldsObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !(Symbol.iterator in value)
}

/** @throws ConfigurationError (`INVALID_OPTION`) that names the argument */
export function assertFields(value: unknown, argument: string, rule: string): void {
  if (!isFieldsObject(value)) throw invalidOption(argument, rule, value)
}

/** The errors, warnings and recommendations that a check of settings found. */
export class ValidationResult {
  static {
    recognizeCopies(this, 'cache-ai/ValidationResult')
  }

  /** Problems that make the settings unusable. */
  readonly errors: ConfigProblem[] = []
  /** Settings that are usable, and probably a mistake. */
  readonly warnings: ConfigProblem[] = []
  /** Settings that other values would improve. */
  readonly recommendations: ConfigProblem[] = []
  /** Settings that contradict each other, by the name of one of them. Each is an error as well. */
  readonly parameterConflicts: Map<string, string> = new Map()
  /** The given settings that only an `AIResponseCache` has. */
  readonly aiSpecificParams: Set<string> = new Set()
  /** The given settings that every `GenericRedisCache` has. */
  readonly genericParams: Set<string> = new Set()

  /** Whether there are no errors. */
  get isValid(): boolean {
    return this.errors.length === 0
  }

  addError(path: string, message: string): void {
    this.errors.push({ path, message })
  }

  addWarning(path: string, message: string): void {
    this.warnings.push({ path, message })
  }

  addRecommendation(path: string, message: string): void {
    this.recommendations.push({ path, message })
  }

  /** Adds a conflict, which is an error as well. */
  addConflict(path: string, message: string): void {
    this.parameterConflicts.set(path, message)
    this.addError(path, message)
  }

  /** Returns plain data, for `JSON.stringify`. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { isValid, errors, warnings, recommendations } = this
    return {
      ...{ isValid, errors, warnings, recommendations },
      parameterConflicts: Object.fromEntries(this.parameterConflicts),
      aiSpecificParams: [...this.aiSpecificParams],
      genericParams: [...this.genericParams],
    }
  }
}
