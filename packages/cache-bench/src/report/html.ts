import { readChartLibrary, readPageFile } from './page-files.js'

/** A chart of a page. */
export interface PageChart {
  readonly title: string
  readonly note: string
  readonly kind: 'bar' | 'line' | 'scatter'
  readonly unit: string
  readonly isLogarithmic: boolean
  readonly xTitle?: string
  readonly labels: readonly string[]
  readonly series: readonly PageSeries[]
}

/** Values of one color. */
export interface PageSeries {
  readonly name: string
  /** One value per label, or positions of a scatter chart. */
  readonly points: readonly (number | null | { readonly x: number; readonly y: number })[]
}

/** Content of a page. */
export interface PageContent {
  readonly title: string
  readonly conditions: readonly string[]
  readonly notes: readonly string[]
  readonly charts: readonly PageChart[]
}

/** Returns a page that needs no network: the library and the figures are in the file. */
export function renderPage(content: PageContent): string {
  const parts: Readonly<Record<string, string>> = {
    // A text in the figures must not end the script.
    data: JSON.stringify(content).replaceAll('<', '\\u003c'),
    library: readChartLibrary(),
    script: readPageFile('report.js'),
  }
  return readPageFile('report.html').replaceAll(
    /(?:"|\/\* )\{(\w+)\}(?:"| \*\/)/g,
    (_, name: string) => parts[name] ?? '',
  )
}
