import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['*.ts'],
    exclude: ['vitest.config.ts'],
    // A cache that forgets its fence lets newcomers wait for a load that never ends: a short limit.
    testTimeout: 300,
    // Most of the time is spent waiting.
    maxWorkers: 4,
    pool: 'threads',
  },
})
