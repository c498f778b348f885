import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'

export interface Line {
  readonly label: string
  /** The name of a custom property of the style sheet. */
  readonly color: string
  /** `null` where the figure is not known. */
  readonly values: readonly (number | null)[]
  readonly isDashed?: boolean
}

interface ChartProps {
  readonly title: string
  readonly note?: string
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly rangeSeconds: number
  readonly lines: readonly Line[]
  readonly isStacked?: boolean
  /** Draws powers of ten at equal distances, which figures of different sizes need. */
  readonly isLogarithmic?: boolean
  /** Puts ticks at powers of two, which bytes need. */
  readonly hasBinaryTicks?: boolean
  readonly format: (value: number) => string
}

const HEIGHT = 190
const BINARY_STEPS = Array.from({ length: 50 }, (_each, power) => 2 ** power)

/** Draws lines over time. The legend has the values at the cursor, or the newest ones. */
export function Chart(props: ChartProps) {
  const { title, note, times, lines, format } = props
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const newest = useRef(props)
  const [cursor, setCursor] = useState<number>()
  newest.current = props
  const names = lines.map(({ label }) => label).join('|')

  useEffect(() => {
    const element = host.current
    if (element === null) return undefined
    const drawn = new uPlot(optionsOf(newest, element, setCursor), dataOf(newest.current), element)
    plot.current = drawn
    const observer = new ResizeObserver(() => {
      drawn.setSize({ width: element.clientWidth, height: HEIGHT })
    })
    observer.observe(element)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    const redraw = (): void => drawn.redraw()
    scheme.addEventListener('change', redraw)
    return () => {
      observer.disconnect()
      scheme.removeEventListener('change', redraw)
      drawn.destroy()
    }
    // A new plot only for other lines; new values go into the same plot.
  }, [names])
  useEffect(() => plot.current?.setData(dataOf(props)), [times, lines])

  const index = cursor ?? times.length - 1
  const values = lines.map((line) => ({ line, value: line.values[index] ?? null }))
  const known = values.filter(({ value }) => value !== null)
  const summary = known.map(({ line, value }) => `${line.label} ${format(value ?? 0)}`).join(', ')
  return (
    <figure class="panel chart">
      <figcaption>
        <h2>{title}</h2>
        {note !== undefined && <p class="quiet">{note}</p>}
      </figcaption>
      <div
        ref={host}
        class="plot"
        role="img"
        aria-label={`${title}, newest: ${summary || 'no data yet'}`}
      />
      <ul class="legend">
        {values.map(({ line, value }) => (
          <li key={line.label}>
            <span class="swatch" style={{ background: `var(${line.color})` }} aria-hidden="true" />
            {line.label}
            <b>{value === null ? '–' : format(value)}</b>
          </li>
        ))}
      </ul>
    </figure>
  )
}

type Newest = { readonly current: ChartProps }

function optionsOf(
  newest: Newest,
  element: HTMLElement,
  setCursor: (index: number | undefined) => void,
): uPlot.Options {
  const color = (name: string): string => resolvedColor(element, name)
  const { lines, isStacked = false, isLogarithmic = false, hasBinaryTicks = false } = newest.current
  const axis = {
    stroke: () => color('--quiet'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: () => color('--grid'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, 28, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: {
        range: () => {
          const end = newest.current.times.at(-1) ?? Date.now() / 1000
          return [end - newest.current.rangeSeconds, end]
        },
      },
      // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum exists in the types alone
      y: isLogarithmic
        ? { distr: 3, range: (_plot, min, max) => powersOfTenAround(min, max) }
        : { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      { ...axis, size: 24, space: 70, values: (_plot, ticks) => ticks.map(timeOf) },
      {
        ...axis,
        size: 62,
        space: 32,
        ...(isLogarithmic && {
          filter: (_plot: uPlot, ticks: number[]) => ticks.map(powerOfTen),
          grid: { ...axis.grid, filter: (_plot: uPlot, ticks: number[]) => ticks.map(powerOfTen) },
        }),
        ...(hasBinaryTicks && { incrs: BINARY_STEPS }),
        values: (_plot, ticks: readonly (number | null)[]) =>
          // A logarithmic scale names its powers of ten alone.
          ticks.map((tick) => (tick === null ? '' : newest.current.format(tick))),
      },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: () => color(line.color),
        width: 1.5,
        // A figure between two unknown ones has no line.
        points: isLogarithmic
          ? { show: true, size: 3, stroke: () => color(line.color) }
          : { show: false },
        spanGaps: false,
        ...(line.isDashed && { dash: [6, 4], width: 1 }),
        ...(isStacked && {
          fill: () => color(line.color).replace(')', ' / 35%)').replaceAll(',', ''),
        }),
      })),
    ],
    ...(isStacked && {
      bands: lines
        .slice(1)
        .map((_line, index) => ({ series: [index + 2, index + 1] as [number, number] })),
    }),
    hooks: {
      setCursor: [
        ({ cursor: { idx, left = -1 } }) => setCursor(left < 0 ? undefined : (idx ?? undefined)),
      ],
    },
  }
}

/** Returns a custom property as a color that a canvas understands: it does not know `light-dark`. */
function resolvedColor(element: HTMLElement, name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

function powerOfTen(tick: number): number | null {
  const exponent = Math.log10(tick)
  return Math.abs(exponent - Math.round(exponent)) < 1e-9 ? tick : null
}

function powersOfTenAround(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [1, 10]
  const lowest = Math.floor(Math.log10(min))
  return [10 ** lowest, 10 ** Math.max(lowest + 1, Math.ceil(Math.log10(max)))]
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB', { timeStyle: 'medium' })
}

function dataOf({
  times,
  lines,
  isStacked = false,
  isLogarithmic = false,
}: ChartProps): uPlot.AlignedData {
  const drawn = (value: number | null): number | null =>
    isLogarithmic && value !== null && value <= 0 ? null : value
  if (!isStacked) return [[...times], ...lines.map(({ values }) => values.map(drawn))]
  const sums = times.map(() => 0)
  const stacked = lines.map(({ values }) =>
    values.map((value, index) => (sums[index] = (sums[index] ?? 0) + (value ?? 0))),
  )
  return [[...times], ...stacked]
}
