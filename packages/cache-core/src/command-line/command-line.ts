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
  parseAsync(): Promise<unknown>
}
