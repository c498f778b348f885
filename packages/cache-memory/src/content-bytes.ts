/** What a value of fixed size, or a place in a structure, counts for. */
const PLACE_BYTES = 8

/**
 * Counts the bytes of a value's content, exactly and always alike: the UTF-8 bytes of every text
 * and property name, the bytes of buffers, and 8 for anything else (numbers, booleans, `null`,
 * dates) and for each structure. A part that occurs twice counts once.
 *
 * It is not what the process uses, which depends on the engine; it grows with that.
 *
 * @param mostParts - where to stop; what is beyond does not count
 */
export function contentBytes(root: unknown, mostParts: number = Number.POSITIVE_INFINITY): number {
  if (typeof root === 'string') return Buffer.byteLength(root)
  let bytes = 0
  const seen = new Set<object>()
  const pending: unknown[] = [root]
  for (let parts = 0; pending.length > 0 && parts < mostParts; parts++) {
    const value = pending.pop()
    if (typeof value === 'string') bytes += Buffer.byteLength(value)
    else if (value === null || typeof value !== 'object') bytes += PLACE_BYTES
    else if (!seen.has(value)) {
      seen.add(value)
      bytes += PLACE_BYTES + ownBytes(value, pending)
    }
  }
  return bytes
}

/** The bytes of an object itself; its parts are put on the pile. */
function ownBytes(value: object, pending: unknown[]): number {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength
  if (value instanceof URL) return Buffer.byteLength(value.href)
  if (Array.isArray(value) || value instanceof Set) {
    for (const item of value) pending.push(item)
    return 0
  }
  if (value instanceof Map) {
    for (const [key, item] of value) pending.push(key, item)
    return 0
  }
  let bytes = 0
  for (const [name, item] of Object.entries(value)) {
    bytes += Buffer.byteLength(name)
    pending.push(item)
  }
  return bytes
}
