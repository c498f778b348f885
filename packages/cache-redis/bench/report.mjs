// Turns figures into the table that is published.

/** @param {readonly number[]} numbers */
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

const COLUMNS = {
  'hit in memory': ['hit in memory, M/s', (value) => (value / 1e6).toFixed(2)],
  'get from Redis': ['get from Redis, k/s', (value) => (value / 1e3).toFixed(1)],
  'set in Redis': ['set in Redis, k/s', (value) => (value / 1e3).toFixed(1)],
  'getOrSet, Redis frozen': [
    '10 getOrSet, Redis frozen, ms',
    (value) => (value >= 5_900 ? 'none in 6,000' : value.toFixed(0)),
  ],
}

/** @param {any} result what run.mjs collected */
export function report({ date, node, redis, processes, machine, versions, figures }) {
  const names = [...new Set(Object.keys(figures).map((cell) => cell.split(' | ')[1]))]
  const cellOf = (measurement, name) => {
    const of = figures[`${measurement} | ${name}`]
    if (of === undefined) return ''
    const [, format] = COLUMNS[measurement]
    return `${format(median(of))} (${format(Math.min(...of))}-${format(Math.max(...of))})`
  }
  const ratio = (measurement, name, floor) => {
    const [ours, theirs] = [name, floor].map((each) => figures[`${measurement} | ${each}`])
    return (median(ours) / median(theirs)).toFixed(2)
  }
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `${date.slice(0, 10)}, Node ${node.slice(1)}, Redis ${redis}, ${machine.cores} cores (${machine.model}, shared, load ${machine.load.toFixed(1)} at the start); ` +
      `median of ${processes} processes (lowest-highest). ${list.join(', ')}. Values of 1 KB; reads and writes of Redis by 64 callers.`,
    '',
    `| | ${Object.values(COLUMNS)
      .map(([title]) => title)
      .join(' | ')} |`,
    `| --- | ${Object.keys(COLUMNS)
      .map(() => '--- ')
      .join('| ')}|`,
    ...names.map(
      (name) =>
        `| ${name} | ${Object.keys(COLUMNS)
          .map((each) => cellOf(each, name))
          .join(' | ')} |`,
    ),
    '',
    `Ours to bare ioredis: get ${ratio('get from Redis', 'ours', 'bare ioredis')}, set ${ratio('set in Redis', 'ours', 'bare ioredis')} of text and ${ratio('set in Redis', 'ours', 'bare ioredis, bytes')} of bytes (target 0.85). ` +
      `Hit in memory to InMemoryCache: ${ratio('hit in memory', 'ours', 'InMemoryCache')} (target 0.8).`,
  ].join('\n')
}
