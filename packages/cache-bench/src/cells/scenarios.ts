import type { Scenario } from './scenario.js'
import { CONCURRENCY_SCENARIOS } from './scenarios/concurrency.js'
import { LIFECYCLE_SCENARIOS } from './scenarios/lifecycle.js'
import { OPERATION_SCENARIOS } from './scenarios/operations.js'
import { PACED_SCENARIOS, THROUGHPUT_SCENARIOS } from './scenarios/throughput.js'

/** Every scenario by name. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...OPERATION_SCENARIOS,
  ...CONCURRENCY_SCENARIOS,
  ...LIFECYCLE_SCENARIOS,
  ...THROUGHPUT_SCENARIOS,
  ...PACED_SCENARIOS,
}

export const SCENARIO_NAMES: readonly string[] = Object.keys(SCENARIOS)
