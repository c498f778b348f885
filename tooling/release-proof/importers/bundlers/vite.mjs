import { build } from 'vite'

const [, , format] = process.argv
await build({
  logLevel: 'error',
  ssr: { noExternal: true },
  build: {
    ssr: 'program.js',
    outDir: '.',
    emptyOutDir: false,
    rollupOptions: {
      output: { format, entryFileNames: format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs' },
    },
  },
})
