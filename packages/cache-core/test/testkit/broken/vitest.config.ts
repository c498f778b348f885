import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['*.ts'],
    exclude: ['vitest.config.ts'],
    // A short limit: without fences, later callers wait for a load that never ends.
    testTimeout: 300,
    // Most of the time passes in waits.
    maxWorkers: 4,
    pool: 'threads',
  },
})
