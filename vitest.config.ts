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
    // Many tests wait for servers and processes, and many load the processor. Three suit a machine of two cores.
    maxWorkers: 3,
  },
})
