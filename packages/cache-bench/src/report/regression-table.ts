import type { RunComparison } from '../regression/compare-runs.js'
import { figure } from './figures.js'

/** Returns a comparison of two runs as Markdown, with the regressions first. */
export function formatRunComparison({ figures, missing }: RunComparison): string {
  const order = { critical: 0, warning: 1, none: 2 }
  const sorted = figures.toSorted(
    (one, other) => order[one.severity ?? 'none'] - order[other.severity ?? 'none'],
  )
  const regressions = figures.filter(({ severity }) => severity !== undefined)
  return [
    '| cache | scenario | figure | before | after | worse by | p | effect | verdict |',
    '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |',
    ...sorted.map((each) =>
      [
        '',
        each.cache,
        each.scenario,
        `${each.figure}, ${each.unit}`,
        figure(each.before),
        figure(each.after),
        `${each.worseByPercent.toFixed(1)} %`,
        figure(each.pValue),
        each.effectSize.toFixed(2),
        each.severity ?? 'ok',
        '',
      ]
        .join(' | ')
        .trim(),
    ),
    '',
    ...missing.map((cell) => `- **missing:** ${cell}`),
    `${figures.length} figures compared: ${regressions.length} became worse.`,
  ].join('\n')
}
