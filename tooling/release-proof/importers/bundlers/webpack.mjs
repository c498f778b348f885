import webpack from 'webpack'

const [, , format] = process.argv
const compiler = webpack({
  mode: 'production',
  target: 'node20',
  entry: './program.js',
  ...(format === 'esm' && { experiments: { outputModule: true } }),
  output: {
    path: process.cwd(),
    filename: format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs',
    ...(format === 'esm' && { module: true }),
  },
})
compiler.run((error, stats) => {
  if (error) throw error
  if (stats.hasErrors()) throw new Error(stats.toString('errors-only'))
})
