// Completes the CommonJS build of the package in the working directory.
import { readdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'

const FOLDER = 'dist/cjs'

// The package itself has the type "module".
await writeFile(path.join(FOLDER, 'package.json'), '{ "type": "commonjs" }\n')

// A module that needs other code in CommonJS has a `<name>-commonjs.ts` in the same folder.
for (const file of await readdir(FOLDER, { recursive: true })) {
  if (!/-commonjs\.(js|d\.ts)$/.test(file)) continue
  await rename(path.join(FOLDER, file), path.join(FOLDER, file.replace('-commonjs.', '.')))
}
