import { build } from 'esbuild'

const [, , format] = process.argv
const { warnings } = await build({
  entryPoints: ['program.js'],
  bundle: true,
  platform: 'node',
  format,
  outfile: format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs',
  // esbuild needs this banner to bundle CommonJS packages such as ioredis as ECMAScript modules.
  banner:
    format === 'cjs'
      ? {}
      : {
          js: `import { createRequire } from 'module'; const require = createRequire(import.meta.url)`,
        },
})
if (warnings.length > 0) throw new Error(JSON.stringify(warnings))
