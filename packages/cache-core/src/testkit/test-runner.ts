/** The functions of the test runner that the contract suite uses. */
export { describe, expect, test } from 'vitest'
