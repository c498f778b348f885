// Puts the program of the codec threads into the built module `codec/workers/worker-script.js`.
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const PLACE = `workerScript = ''`

/** @param folders - built sources, as ECMAScript modules or CommonJS */
async function embedWorker(folders) {
  const { outputFiles } = await build({
    entryPoints: [path.join(PACKAGE, 'src/codec/workers/codec-worker.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    write: false,
  })
  const program = JSON.stringify(outputFiles[0].text)
  for (const folder of folders) {
    const file = path.join(folder, 'codec/workers/worker-script.js')
    const built = await readFile(file, 'utf8')
    if (!built.includes(PLACE)) throw new Error(`${file} has no place for the program`)
    await writeFile(
      file,
      built.replace(PLACE, () => `workerScript = ${program}`),
    )
  }
}

await embedWorker(process.argv.slice(2))
