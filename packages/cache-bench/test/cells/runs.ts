import type { CellResult, Figure, RunReport } from '../../src/cells/run-report.js'

/** Returns a run of one cache and one scenario, with one process per value. */
export function runWith(
  values: readonly number[],
  fields: { readonly cell?: Partial<CellResult>; readonly figure?: Partial<Figure> } = {},
): RunReport {
  const cells = values.map((value, process): CellResult => {
    const figure: Figure = { name: 'get', unit: 'ns', better: 'lower', value, ...fields.figure }
    return { cache: 'map', scenario: 'get', process, figures: [figure], ...fields.cell }
  })
  return {
    format: 'cache-bench-run',
    formatVersion: 1,
    date: '2026-01-01T00:00:00.000Z',
    durationMs: 60_000,
    seed: 1,
    scenarios: ['get'],
    budgetMs: 300,
    processes: values.length,
    environment: {
      platform: 'linux x64',
      runtimeVersion: 'Node.js 20.19.0',
      processor: 'Some CPU',
      cpuCount: 2,
    },
    memoryMb: 1_024,
    load: [0, 1],
    isPartial: false,
    caches: [
      {
        name: 'map',
        tier: 'memory',
        setup: 'stock',
        isolation: 'by reference',
        versions: { map: '1.0.0' },
        failures: [],
      },
    ],
    cells,
  }
}
