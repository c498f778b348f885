import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

// The CommonJS build replaces this module by `page-files-commonjs.ts`.
// @ts-ignore `import.meta` is an error in CommonJS.
const MODULE_URL: string = import.meta.url

/** Reads a file of the folder `page` of this package. */
export function readPageFile(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../page/${name}`, MODULE_URL)), 'utf8')
}

/** Reads the chart library as a script for the browser. */
export function readChartLibrary(): string {
  const { resolve } = createRequire(MODULE_URL)
  return readFileSync(path.join(path.dirname(resolve('chart.js')), 'chart.umd.min.js'), 'utf8')
}
