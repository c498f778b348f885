// Finishes what `tsc -p tsconfig.commonjs.json` has built for the package in the working directory.
import { readdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'

const FOLDER = 'dist/cjs'

// The package itself is of type "module".
await writeFile(path.join(FOLDER, 'package.json'), '{ "type": "commonjs" }\n')

// A module that cannot be the same in CommonJS has a `<name>-commonjs.ts` beside it.
for (const file of await readdir(FOLDER, { recursive: true })) {
  if (!/-commonjs\.(js|d\.ts)$/.test(file)) continue
  await rename(path.join(FOLDER, file), path.join(FOLDER, file.replace('-commonjs.', '.')))
}
