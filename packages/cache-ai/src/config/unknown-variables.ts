import { nearestName } from '@verbatim/cache-core/implement'

/**
 * Returns whether another program sets a variable, by its name without the prefix and its value.
 *
 * Kubernetes sets variables for each Service of a namespace, and Docker for each linked container. Their
 * names begin with that of the Service or the link, which may equal the prefix. systemd sets
 * `CACHE_DIRECTORY`.
 */
export function isForeignVariable(name: string, value: string): boolean {
  return (
    SERVICE_ADDRESS.test(name) ||
    PORT_DETAIL.test(name) ||
    (PORT.test(name) && ADDRESS.test(value)) ||
    DOCKER_ENVIRONMENT.test(name) ||
    (CONTAINER_NAME.test(name) && LINK_PATH.test(value)) ||
    name === 'DIRECTORY'
  )
}

/** `SERVICE_HOST`, `SERVICE_PORT` and, for a named port, `SERVICE_PORT_METRICS`. */
const SERVICE_ADDRESS = /(^|_)SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/
/** `PORT_6379_TCP`, `PORT_6379_TCP_ADDR` and, for a range of Docker, `PORT_6379_TCP_START`. */
const PORT_DETAIL = /(^|_)PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR)|(_PORT)?_(START|END))?$/
/** `PORT`, when its value is an address such as `tcp://10.0.0.7:6379`. */
const PORT = /(^|_)PORT$/
const ADDRESS = /^(tcp|udp|sctp):\/\//
/** `ENV_<NAME>`: a variable of the linked container. */
const DOCKER_ENVIRONMENT = /(^|_)ENV_[A-Za-z0-9_]+$/
/** `NAME`, when its value is a link such as `/web/cache`. */
const CONTAINER_NAME = /(^|_)NAME$/
const LINK_PATH = /^\/[^/]+\/[^/]+$/

/** Words that other clients of Redis use for fields of `sentinel` and `cluster`. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  DB: 'DATABASE',
  HOST: 'URLS',
  HOSTS: 'URLS',
  NODES: 'URLS',
  PORT: 'URLS',
}

/**
 * Returns the known variable that an unknown one most likely stands for. Names are without the prefix.
 *
 * @returns `undefined` for a variable of another program, or of a longer prefix
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
 * Returns whether a name consists of words of a known variable, in their order. A word may be cut:
 * `HASH_ALGO` stands for `HASH_ALGORITHM`, and `TTL` for `DEFAULT_TTL`.
 */
function isShortFor(written: string, variable: string, known: readonly string[]): boolean {
  // PASSWORD alone does not stand for SENTINEL_PASSWORD.
  const outer = known.find((each) => variable.startsWith(`${each}_`))
  if (outer !== undefined && !written.startsWith(`${outer}_`)) return false
  const words = variable.split('_')
  return written.split('_').every((word) => {
    const place = words.findIndex((each) => isWordOf(word, each))
    words.splice(0, place + 1)
    return place >= 0
  })
}

/** Returns whether a word is another one or its beginning. Two letters begin too many words. */
function isWordOf(word: string, whole: string): boolean {
  return word === whole || (word.length > 2 && whole.startsWith(word))
}

function shortest(names: readonly string[]): string | undefined {
  return names.toSorted((one, other) => one.length - other.length)[0]
}
