// Puts the sketch library, without what needs protobufjs, into the built modules `records/sketch.js`.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const LIBRARY = path.join(PACKAGE, 'node_modules/@datadog/sketches-js')
const LICENSE = await readFile(path.join(LIBRARY, 'LICENSE'), 'utf8')

/** Stands for the generated code that imports and exports protocol buffers. */
const withoutProtocolBuffers = {
  name: 'without protocol buffers',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/proto\/compiled$/ }, () => ({ path: 'none', namespace: 'none' }))
    onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: '' }))
  },
}

for (const [folder, format] of [
  ['dist', 'esm'],
  ['dist/cjs', 'cjs'],
]) {
  await build({
    entryPoints: [path.join(PACKAGE, 'src/records/sketch.ts')],
    bundle: true,
    platform: 'node',
    format,
    target: 'node20',
    plugins: [withoutProtocolBuffers],
    banner: { js: `/*! @datadog/sketches-js\n${LICENSE}*/` },
    outfile: path.join(PACKAGE, folder, 'records/sketch.js'),
    allowOverwrite: true,
  })
}
