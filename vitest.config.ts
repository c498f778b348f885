import { defineConfig } from 'vitest/config'

const [nodeMajor] = process.versions.node.split('.')

/** Runs all tests of all packages. */
export default defineConfig({
  test: {
    projects: [
      'packages/*',
      'apps/*',
      'tooling/coherence',
      'tooling/docs',
      'tooling/fault-proxy',
      'tooling/test-support',
      'scripts',
    ],
    reporters: ['default', 'json'],
    outputFile: { json: `reports/tests-node-${nodeMajor}.json` },
    // Many tests start servers and processes.
    maxWorkers: 2,
  },
})
