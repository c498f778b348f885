import { isPlainObject } from '@verbatim/cache-core/implement'

/**
 * Returns the values of a request by path, such as `messages[3].content[0].text`, in short form.
 *
 * @param maxValues - number of values with a path of their own. Behind them, all others of a field are one value
 * @param shorten - returns the short form of a value
 */
export function requestValues(
  request: object,
  maxValues: number,
  shorten: (value: unknown) => string,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  const add = (value: unknown, path: string): void => {
    if (!isBranch(value)) {
      values.set(path, shorten(value))
      return
    }
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    for (const [index, [name, item]] of entries.entries()) {
      const place = Array.isArray(value) ? `${path}[${name}]` : join(path, name)
      if (values.size >= maxValues) {
        values.set(place, shorten(entries.slice(index)))
        return
      }
      add(item, place)
    }
  }
  add(request, '')
  return values
}

/** Returns a value as text. Equal values have equal texts. */
export function textOf(value: unknown): string {
  const text = JSON.stringify(value, (_name, item: unknown) =>
    item instanceof Uint8Array ? Buffer.from(item).toString('base64') : item,
  )
  return text ?? typeof value
}

/** Returns whether a value has fields of its own. The digests of a long text are one value. */
function isBranch(value: unknown): value is object {
  if (Array.isArray(value)) return value.length > 0
  const fields = isPlainObject(value) ? Object.keys(value) : []
  return fields.length > 0 && !fields.includes('sha512')
}

/** Fields that hold all others of a request. Paths do not name them. */
const HOLDERS: ReadonlySet<string> = new Set(['request', 'request.fields'])

function join(path: string, name: string): string {
  return path === '' || (HOLDERS.has(path) && !HOLDERS.has(`${path}.${name}`))
    ? name
    : `${path}.${name}`
}

/** Returns the part of the values that are equal, from 0 to 1. */
export function similarityOf(
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): number {
  let equal = 0
  for (const [path, digest] of one) if (other.get(path) === digest) equal++
  return equal / Math.max(one.size, other.size, 1)
}

/** Returns the first path whose values differ. */
export function firstDifference(
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): string | undefined {
  for (const [path, digest] of one) if (other.get(path) !== digest) return path
  for (const path of other.keys()) if (!one.has(path)) return path
  return undefined
}
