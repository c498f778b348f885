import { defineConfig } from 'vitest/config'

export default defineConfig({
  // The command runs in the root of the repository.
  root: import.meta.dirname,
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['@verbatim/test-support/require-redis', './src/publish.ts'],
    maxWorkers: 2,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: ['default', 'json'],
    outputFile: { json: '../../reports/release-proof.json' },
  },
})
