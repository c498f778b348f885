import { readFileSync } from 'node:fs'
import path from 'node:path'

/** Reads a file of the folder `page` of this package. */
export function readPageFile(name: string): string {
  return readFileSync(path.join(__dirname, '../../../page', name), 'utf8')
}

/** Reads the chart library as a script for the browser. */
export function readChartLibrary(): string {
  const folder = path.dirname(require.resolve('chart.js'))
  return readFileSync(path.join(folder, 'chart.umd.min.js'), 'utf8')
}
