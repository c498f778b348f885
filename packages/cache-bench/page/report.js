// Draws the charts of a report. Runs in the browser, without a network.
const report = JSON.parse(document.getElementById('data').textContent)
// Colors with enough contrast on white and on black, and in the most frequent kinds of color blindness.
const COLORS = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#8a7a00',
  '#56a0d3',
  '#7a5cc9',
  '#999999',
]
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3]]
const BAR_HEIGHT = 26
const LINE_HEIGHT = 340
const LEGEND_ROW = 24

const main = document.getElementById('report')
main.append(element('h1', report.title), ...report.conditions.map((text) => element('p', text)))
if (report.notes.length > 0) {
  const list = document.createElement('ul')
  list.append(...report.notes.map((text) => element('li', text)))
  main.append(list)
}
const drawings = report.charts.map(addSection)

let charts = []
/** Draws all charts with the colors of the current theme. */
function draw() {
  for (const chart of charts) chart.destroy()
  const style = getComputedStyle(document.documentElement)
  const color = (name) => style.getPropertyValue(name).trim()
  const theme = { text: color('--text'), line: color('--line') }
  charts = drawings.map(({ canvas, chart }) => new Chart(canvas, configuration(chart, theme)))
}
for (const query of ['(prefers-color-scheme: dark)', 'print']) {
  matchMedia(query).addEventListener('change', draw)
}
draw()
document.documentElement.dataset.drawn = String(charts.length)

function addSection(chart) {
  const section = document.createElement('section')
  const box = document.createElement('div')
  const canvas = document.createElement('canvas')
  box.className = 'chart'
  box.style.height = `${heightOf(chart)}px`
  canvas.setAttribute('role', 'img')
  canvas.setAttribute('aria-label', `${chart.title}. The table below has the same figures.`)
  box.append(canvas)
  section.append(element('h2', chart.title), element('p', chart.note), box, tableOf(chart))
  main.append(section)
  return { canvas, chart }
}

function heightOf({ kind, labels, series }) {
  if (kind === 'bar') return 80 + BAR_HEIGHT * labels.length * series.length
  return LINE_HEIGHT + LEGEND_ROW * series.length
}

function configuration({ kind, labels, series, unit, isLogarithmic, xTitle }, theme) {
  const isBar = kind === 'bar'
  const values = { type: isLogarithmic ? 'logarithmic' : 'linear', title: title(unit, theme) }
  const axis = { ticks: { color: theme.text }, grid: { color: theme.line } }
  const names = {
    ...axis,
    title: title(xTitle, theme),
    type: kind === 'scatter' ? 'linear' : 'category',
  }
  if (isBar) names.ticks = { ...axis.ticks, autoSkip: false }
  const valueAxis = { ...axis, ...values, beginAtZero: !isLogarithmic }
  return {
    type: kind,
    data: {
      labels,
      datasets: series.map(({ name, points }, index) => ({
        label: name,
        data: points,
        borderColor: COLORS[index % COLORS.length],
        backgroundColor: COLORS[index % COLORS.length],
        borderDash:
          kind === 'line' ? DASHES[Math.floor(index / COLORS.length) % DASHES.length] : [],
        borderWidth: kind === 'line' ? 2 : 0,
        pointRadius: kind === 'bar' ? 0 : 4,
        spanGaps: true,
      })),
    },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      indexAxis: isBar ? 'y' : 'x',
      scales: isBar ? { x: valueAxis, y: names } : { x: names, y: valueAxis },
      plugins: {
        legend: { display: series.length > 1, position: 'bottom', labels: { color: theme.text } },
      },
    },
  }
}

function title(text, theme) {
  return { display: text !== undefined, text, color: theme.text }
}

function tableOf({ labels, series, unit, kind }) {
  const details = document.createElement('details')
  const table = document.createElement('table')
  const rows =
    kind === 'scatter'
      ? series.map(({ name, points: [{ x, y }] }) => [name, x, y])
      : labels.map((label, index) => [label, ...series.map(({ points }) => points[index])])
  const heads = kind === 'scatter' ? ['', 'x', 'y'] : ['', ...series.map(({ name }) => name)]
  table.append(row('th', heads), ...rows.map((cells) => row('td', cells)))
  details.append(element('summary', `Figures, ${unit}`), table)
  return details
}

function row(kind, cells) {
  const line = document.createElement('tr')
  line.append(...cells.map((cell) => element(kind, shown(cell))))
  return line
}

function shown(cell) {
  if (typeof cell !== 'number') return cell ?? ''
  return cell.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

function element(name, text) {
  const created = document.createElement(name)
  created.textContent = text
  return created
}
