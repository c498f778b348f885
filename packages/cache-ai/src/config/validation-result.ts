import { recognizeCopies } from '@verbatim/cache-core/implement'
import type { ConfigProblem } from './problems.js'

/** What is to be said of settings. */
export class ValidationResult {
  static {
    recognizeCopies(this, 'cache-ai/ValidationResult')
  }

  /** What makes them unusable. */
  readonly errors: ConfigProblem[] = []
  /** What is hardly meant so. */
  readonly warnings: ConfigProblem[] = []
  /** What might be better otherwise. */
  readonly recommendations: ConfigProblem[] = []
  /** Settings that contradict each other, by the name of one of them; each is an error as well. */
  readonly parameterConflicts: Map<string, string> = new Map()
  /** Of the settings that were given, those that only an AI cache has. */
  readonly aiSpecificParams: Set<string> = new Set()
  /** Those that any cache in Redis has. */
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

  addConflict(path: string, message: string): void {
    this.parameterConflicts.set(path, message)
    this.addError(path, message)
  }

  /** Plain data, for `JSON.stringify`. */
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
