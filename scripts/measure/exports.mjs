// Counts the public names of packages.
import { existsSync, readFileSync } from 'node:fs'
import ts from 'typescript-5.9'

/**
 * Returns the number of names that each package exports through the entry points in its
 * package.json. A name that two entry points export counts twice.
 *
 * @param {string[]} folders
 * @returns {Map<string, number>}
 */
export function countExports(folders) {
  const entries = new Map(folders.map((folder) => [folder, entryPoints(folder)]))
  const program = ts.createProgram([...entries.values()].flat(), {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    skipLibCheck: true,
    noEmit: true,
  })
  const checker = program.getTypeChecker()
  const count = (file) => {
    const symbol = checker.getSymbolAtLocation(program.getSourceFile(file))
    return symbol === undefined ? 0 : checker.getExportsOfModule(symbol).length
  }
  return new Map(
    [...entries].map(([folder, files]) => [
      folder,
      files.reduce((total, file) => total + count(file), 0),
    ]),
  )
}

function entryPoints(folder) {
  const { exports: targets = {} } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  return Object.values(targets)
    .map((target) => target.import?.default ?? target)
    .filter((target) => typeof target === 'string' && /\.[jt]s$/.test(target))
    .map((target) => `${folder}/${target.replace('./dist/', './src/').replace(/\.js$/, '.ts')}`)
    .filter((file) => existsSync(file))
}
