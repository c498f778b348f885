import { defineConfig, type ViteUserConfig } from 'vitest/config'

/**
 * The set-up that the tests of every package share.
 *
 * @param needs - `redis` for tests against a real redis-server: one is found, or the run fails
 */
export function testConfig(needs: { redis?: boolean } = {}): ViteUserConfig {
  return defineConfig({
    test: {
      include: ['test/**/*.test.ts'],
      globalSetup: needs.redis ? ['@verbatim/test-support/require-redis'] : [],
      // Tests provoke outages. What is reported about them is asserted, not printed.
      execArgv: ['--disable-warning=VerbatimWarning'],
      // Generous: what has to be quick is measured in benchmarks, and CI machines stall.
      testTimeout: 30_000,
      hookTimeout: 30_000,
    },
  })
}
