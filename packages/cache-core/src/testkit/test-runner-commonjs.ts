import type * as vitest from 'vitest'

// Nothing can `require` vitest. Under Jest the suite runs with the global functions of Jest, which
// take the same arguments as far as the suite uses them.
const globals = globalThis as unknown as typeof vitest

export const describe: typeof vitest.describe = globals.describe
export const test: typeof vitest.test = globals.test

/** The `expect` of Jest takes no message. */
export const expect = ((actual: unknown) => globals.expect(actual)) as typeof vitest.expect
