import { defineConfig, type ViteUserConfig } from 'vitest/config'

/**
 * Returns the test configuration of a package.
 *
 * @param needs - `redis`: whether the tests need a real redis-server. Without one, the run fails
 */
export function testConfig(needs: { redis?: boolean } = {}): ViteUserConfig {
  return defineConfig({
    test: {
      include: ['test/**/*.test.ts'],
      globalSetup: needs.redis ? ['@verbatim/test-support/require-redis'] : [],
      // Tests cause outages and check the warnings, so Node does not print them.
      execArgv: ['--disable-warning=VerbatimWarning'],
      // Long, because CI machines stall. Benchmarks measure durations, not tests.
      testTimeout: 30_000,
      hookTimeout: 30_000,
      expect: { poll: { timeout: 10_000 } },
    },
  })
}
