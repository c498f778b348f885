// Turns raw figures into the tables of `docs/benchmarks.md`.

/** @param {readonly number[]} numbers */
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

const NONE = "ours, 'none'"
const FREEZE = "ours, 'freeze'"
const CLONE = "ours, 'clone'"
const MONITORED = "ours, 'none', monitored"
const FLOOR = 'lru-cache'

/** Returns the name of a contender as the tables show it. */
const shown = (name) => name.replace(/^ours/, 'InMemoryCache')

const SECTIONS = {
  reference: 'By reference: a caller who changes its object changes the cache',
  reads: 'Copied for readers only',
  safe: 'Copy-safe',
}
const COLUMNS = ['get', 'getOrSet', 'set']

/**
 * @param {any} result what run.mjs collected
 * @param {Readonly<Record<string, import('./caches.mjs').Contender>>} contenders
 * @returns {string} Markdown
 */
export function report(result, contenders) {
  const { date, machine, seed, processes, seconds, versions, nodes } = result
  const lines = [
    `${date.slice(0, 10)}, ${machine.cores} cores (${machine.model}, shared), ${machine.platform}, ` +
      `Node ${Object.values(nodes)
        .map(({ version }) => version.slice(1))
        .join(' and ')}; ` +
      `median of ${processes} processes (lowest-highest), seed ${seed}, ${seconds} s in all.`,
    `Versions: ${[...new Set(Object.entries(versions).map(([name, version]) => `${name.split(/,| on /)[0]} ${version}`))].join(', ')}.`,
  ]
  for (const { version, figures, failures } of Object.values(nodes)) {
    lines.push('', `### Node ${version.slice(1)}`, '', ...speedTable(contenders, figures, failures))
    lines.push('', ...sizeTable(contenders, figures), '', ...losses(contenders, figures))
  }
  lines.push('', '### Targets', '', ...targetTable(nodes, contenders))
  return lines.join('\n')
}

function speedTable(contenders, figures, failures) {
  const lines = [
    '| Cache | `get` hit, M/s | `getOrSet` hit, M/s | `set`, M/s | 1,000 cold calls, ms | Loads |',
    '| --- | --- | --- | --- | --- | --- |',
  ]
  for (const [isolation, title] of Object.entries(SECTIONS)) {
    lines.push(`| **${title}** | | | | | |`)
    for (const name of Object.keys(contenders)) {
      if (contenders[name].isolation !== isolation) continue
      if (failures[name].length > 0) {
        lines.push(`| ${shown(name)} | failed the gate: ${failures[name].join('; ')} | | | | |`)
        continue
      }
      const of = figures[name]
      const cells = COLUMNS.map((column) => spread(of[column], 1e-6))
      const loads = of.coldLoads === undefined ? '' : String(Math.max(...of.coldLoads))
      lines.push(`| ${[shown(name), ...cells, spread(of.coldMilliseconds), loads].join(' | ')} |`)
    }
  }
  return lines
}

function sizeTable(contenders, figures) {
  const lines = [
    '| At 1,000 → 1,000,000 entries | `get` in order, M/s | `get` at random, M/s | `set` at random, M/s | `set` that evicts, M/s | Bytes per entry |',
    '| --- | --- | --- | --- | --- | --- |',
  ]
  for (const name of Object.keys(contenders)) {
    const of = figures[name]
    if (of?.['getAtSize, size 1,000'] === undefined) continue
    const cells = ['getInOrder', 'getAtSize', 'setAtSize', 'evictAtSize'].map((figure) =>
      ['1,000', '1,000,000'].map((size) => spread(of[`${figure}, size ${size}`], 1e-6)).join(' → '),
    )
    cells.push(spread(of['bytesPerEntry, size 1,000,000']))
    lines.push(`| ${[shown(name), ...cells].join(' | ')} |`)
  }
  return lines
}

/** Returns the median, the lowest and the highest figure of all processes. */
function spread(numbers, unit = 1) {
  if (numbers === undefined) return ''
  const lowest = Math.min(...numbers)
  const highest = Math.max(...numbers)
  const [middle, ...ends] = [median(numbers), lowest, highest].map((number) => short(number * unit))
  return `${middle} (${ends.join('-')})`
}

function short(number) {
  return number.toFixed(number < 1 ? 3 : number < 10 ? 2 : number < 100 ? 1 : 0)
}

/** Returns the figures in which another cache of the same class is better. */
function losses(contenders, figures) {
  const lines = ['Better figures of other caches, as a ratio of the medians:', '']
  for (const [ours, isolation] of [
    [NONE, 'reference'],
    [FREEZE, 'safe'],
    [CLONE, 'safe'],
  ]) {
    for (const peer of Object.keys(contenders)) {
      if (contenders[peer].isolation !== isolation || peer.startsWith('ours')) continue
      const lost = LOSABLE.flatMap(([figure, what, better]) => {
        const [mine, theirs] = [figures[ours][figure], figures[peer]?.[figure]]
        if (mine === undefined || theirs === undefined) return []
        const ratio = median(theirs) / median(mine)
        if (better === 'more' ? ratio <= 1 : ratio >= 1) return []
        return [`${what} ${ratio.toFixed(2)}${overlap(mine, theirs) ? ' (ranges overlap)' : ''}`]
      })
      if (lost.length > 0) lines.push(`- ${peer} to ${shown(ours)}: ${lost.join('; ')}`)
    }
  }
  return lines
}

/** @type {readonly (readonly [figure: string, what: string, better: 'more' | 'less'])[]} */
const LOSABLE = [
  ['get', '`get` hit', 'more'],
  ['getOrSet', '`getOrSet` hit', 'more'],
  ['set', '`set`', 'more'],
  ['coldMilliseconds', 'time of 1,000 cold calls', 'less'],
  ['getInOrder, size 1,000,000', '`get` in order at 1 M', 'more'],
  ['getAtSize, size 1,000,000', '`get` at random at 1 M', 'more'],
  ['setAtSize, size 1,000,000', '`set` at random at 1 M', 'more'],
  ['evictAtSize, size 1,000,000', '`set` that evicts at 1 M', 'more'],
  ['bytesPerEntry, size 1,000,000', 'bytes per entry at 1 M', 'less'],
]

function overlap(one, other) {
  return Math.min(...one) <= Math.max(...other) && Math.min(...other) <= Math.max(...one)
}

function targetTable(nodes, contenders) {
  const perNode = Object.values(nodes).map(({ figures }) => targets(figures, contenders))
  const lines = [
    `| Target | ${Object.values(nodes)
      .map(({ version }) => `Node ${version.slice(1)}`)
      .join(' | ')} |`,
    `| --- |${' --- |'.repeat(perNode.length)}`,
  ]
  for (const [index, { target }] of perNode[0].entries()) {
    const cells = perNode.map((list) => {
      const { measured, met } = list[index]
      return `${measured}, ${met ? 'met' : '**missed**'}`
    })
    lines.push(`| ${[target, ...cells].join(' | ')} |`)
  }
  return lines
}

function targets(figures, contenders) {
  const of = (name, figure) => median(figures[name][figure])
  const safePeers = Object.keys(figures).filter(
    (name) => contenders[name].isolation === 'safe' && !name.startsWith('ours'),
  )
  const bestSafe = Math.max(...safePeers.map((name) => of(name, 'get')))
  const get = of(NONE, 'get')
  const atLeast = (target, ratio, bound) => ({
    target,
    measured: short(ratio),
    met: ratio >= bound,
  })
  const atMost = (target, value, bound, digits = 2) => ({
    target,
    measured: value.toFixed(digits),
    met: value <= bound,
  })
  const grown = (figure) =>
    of(NONE, `${figure}, size 1,000,000`) / of(NONE, `${figure}, size 1,000`)
  return [
    atLeast("`get` 'none' / lru-cache, at least 0.85", get / of(FLOOR, 'get'), 0.85),
    atLeast("`get` 'none' / cache-manager, at least 3", get / of('cache-manager', 'get'), 3),
    atLeast(
      "`get` 'none' / bentocache by reference, at least 10",
      get / of('bentocache, serialize: false', 'get'),
      10,
    ),
    atLeast("`get` 'freeze' / 'none', at least 0.8", of(FREEZE, 'get') / get, 0.8),
    atLeast("`get` 'freeze' / best copy-safe peer, at least 10", of(FREEZE, 'get') / bestSafe, 10),
    atLeast('`getOrSet` hit / `get` hit, at least 0.6', of(NONE, 'getOrSet') / get, 0.6),
    atMost('1,000 cold calls: loads, 1', Math.max(...figures[NONE].coldLoads), 1, 0),
    atMost(
      '1,000 cold calls / the loader alone, at most 1.25',
      of(NONE, 'coldMilliseconds') / of(NONE, 'loaderAlone'),
      1.25,
    ),
    atMost(
      'Cost of a monitor on `get`, at most 20 %',
      (1 - of(MONITORED, 'get') / get) * 100,
      20,
      0,
    ),
    atMost(
      'Overhead per entry at 1 M, at most 200 bytes',
      of(NONE, 'bytesPerEntry, size 1,000,000'),
      200,
      0,
    ),
    atLeast('`get` in order at 1 M / at 1,000, at least 0.5', grown('getInOrder'), 0.5),
    atLeast('`get` at random at 1 M / at 1,000, at least 0.5', grown('getAtSize'), 0.5),
    atLeast('`set` at random at 1 M / at 1,000, at least 0.5', grown('setAtSize'), 0.5),
    atLeast('`set` that evicts at 1 M / at 1,000, at least 0.5', grown('evictAtSize'), 0.5),
  ]
}
