import { nearestName } from '@verbatim/cache-core/implement'

/** Words for fields of `sentinel` and `cluster` that other clients of Redis use. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  DB: 'DATABASE',
  HOST: 'URLS',
  HOSTS: 'URLS',
  NODES: 'URLS',
  PORT: 'URLS',
}

/**
 * Returns the known variable that another one most likely stands for. Both are names behind the prefix.
 *
 * @returns `undefined` for a variable of another program or of a longer prefix
 */
export function nearestVariable(name: string, known: readonly string[]): string | undefined {
  const written = name
    .toUpperCase()
    .split('_')
    .filter((word) => word !== '')
    .join('_')
  if (known.includes(written)) return written
  if (known.some((each) => written.endsWith(`_${each}`))) return undefined
  return (
    fieldInside(written, known) ??
    shortest(known.filter((each) => isShortFor(written, each, known))) ??
    known.find((each) => each.includes('_') && written.startsWith(`${each}_`)) ??
    (written.startsWith('REDIS_') ? 'REDIS_URL' : nearestName(written, known))
  )
}

/** Returns `SENTINEL_URLS` for `SENTINEL_HOST`. */
function fieldInside(written: string, known: readonly string[]): string | undefined {
  const [, outer, inside = ''] = /^(SENTINEL|CLUSTER)_(.+)$/.exec(written) ?? []
  const meant = `${outer}_${OTHER_WORDS[inside]}`
  return known.includes(meant) ? meant : undefined
}

/**
 * Whether a name has words of a known variable, in their order, each of them whole or its beginning:
 * `HASH_ALGO` for `HASH_ALGORITHM`, `TTL` for `DEFAULT_TTL`.
 */
function isShortFor(written: string, variable: string, known: readonly string[]): boolean {
  // A field inside another one, such as SENTINEL_PASSWORD, is not known by its last word alone.
  const outer = known.find((each) => variable.startsWith(`${each}_`))
  if (outer !== undefined && !written.startsWith(`${outer}_`)) return false
  const words = variable.split('_')
  return written.split('_').every((word) => {
    const place = words.findIndex((each) => isWordOf(word, each))
    words.splice(0, place + 1)
    return place >= 0
  })
}

/** Two letters would begin too many words. */
function isWordOf(word: string, whole: string): boolean {
  return word === whole || (word.length > 2 && whole.startsWith(word))
}

function shortest(names: readonly string[]): string | undefined {
  return names.toSorted((one, other) => one.length - other.length)[0]
}
