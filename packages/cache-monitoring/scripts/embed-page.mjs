// Builds the page of the dashboard, and puts its files into the built modules `dashboard/page-files.js`.
// They are part of the code, so bundlers and CommonJS need no path to them.
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const PAGE = path.join(PACKAGE, 'page')
const { resolve } = createRequire(import.meta.url)

const { output } = await build({
  root: PAGE,
  configFile: false,
  base: './',
  logLevel: 'warn',
  define: { 'process.env.NODE_ENV': '"production"' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    write: false,
    modulePreload: false,
    target: ['chrome123', 'firefox121', 'safari17.5'],
    rolldownOptions: {
      output: {
        entryFileNames: 'assets/dashboard.js',
        assetFileNames: 'assets/dashboard[extname]',
      },
    },
  },
})

const files = Object.fromEntries(
  output.map((file) => [file.fileName, String(file.type === 'chunk' ? file.code : file.source)]),
)
files['assets/icon.svg'] = await readFile(path.join(PAGE, 'icon.svg'), 'utf8')

const licenses = ['preact', 'uplot'].map(async (name) => {
  const folder = path.dirname(resolve(`${name}/package.json`))
  return `${name}\n${await readFile(path.join(folder, 'LICENSE'), 'utf8')}`
})
const banner = `/*! The files contain these libraries.\n\n${(await Promise.all(licenses)).join('\n')}*/\n`

await write('dist/dashboard/page-files.js', `${banner}export const PAGE_FILES = `)
await write(
  'dist/cjs/dashboard/page-files.js',
  `${banner}'use strict'\nObject.defineProperty(exports, '__esModule', { value: true })\nexports.PAGE_FILES = `,
)

function write(file, start) {
  return writeFile(path.join(PACKAGE, file), `${start}${JSON.stringify(files, null, 1)}\n`)
}
