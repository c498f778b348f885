import type * as vitest from 'vitest'

// vitest cannot be loaded with `require`. Under Jest, the suite uses the global functions of Jest, which
// accept the same arguments.
const globals = globalThis as unknown as typeof vitest

export const describe: typeof vitest.describe = globals.describe
export const test: typeof vitest.test = globals.test

/** The `expect` of Jest takes no message. */
export const expect = ((actual: unknown) => globals.expect(actual)) as typeof vitest.expect
