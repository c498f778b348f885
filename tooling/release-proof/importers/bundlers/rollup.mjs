import commonjs from '@rollup/plugin-commonjs'
import json from '@rollup/plugin-json'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { rollup } from 'rollup'

const [, , format] = process.argv
const bundle = await rollup({
  input: 'program.js',
  plugins: [nodeResolve({ preferBuiltins: true }), commonjs(), json()],
  onLog: () => undefined,
})
await bundle.write({
  file: format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs',
  format,
  inlineDynamicImports: true,
})
