import { accessSync, constants } from 'node:fs'
import path from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

/** Returns the path of a Chromium: `CHROMIUM_BIN`, or one on the `PATH`. `undefined` without one. */
export function findChromium(): string | undefined {
  const { CHROMIUM_BIN, PATH = '' } = process.env
  const onPath = NAMES.flatMap((name) =>
    PATH.split(path.delimiter).map((folder) => path.join(folder, name)),
  )
  return [...(CHROMIUM_BIN ? [CHROMIUM_BIN] : []), ...onPath].find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
