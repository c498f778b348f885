import { type Json, setOwn, tagOf } from './json.js'

/**
 * A large value is given to another thread in pieces, since to send or to receive one at once would
 * hold up the event loop as long as converting it.
 *
 * A piece is the next items of an array or the next properties of an object. Where one of those is
 * too large itself, the piece has an empty one in its place, which the next pieces fill.
 */
export interface Piece {
  /** Leads to what it is a piece of. Empty for the first piece, whose only item is the value. */
  readonly path: readonly (string | number)[]
  readonly content: Container<unknown>
}

type Container<T> = T[] | Record<string, T>

/**
 * About two milliseconds of sending or receiving. Every number, string, array and so on counts one,
 * and a string more by its length.
 */
const PIECE_WEIGHT = 20_000
const CHARACTERS_PER_WEIGHT = 100

/** Cuts as it is asked for the next piece. What a tag stands for is not cut. */
export function cut(json: Json): Generator<Piece> {
  return cutContainer([json], [])
}

function* cutContainer(container: Container<Json>, path: Piece['path']): Generator<Piece> {
  let content = emptyLike(container)
  let weight = 0
  for (const [name, item] of entriesOf(container)) {
    const itemWeight = weigh(item, PIECE_WEIGHT)
    const divided = itemWeight > PIECE_WEIGHT && isDivisible(item) ? item : undefined
    add(content, name, divided === undefined ? item : emptyLike(divided))
    weight += itemWeight
    if (weight <= PIECE_WEIGHT) continue
    yield { path, content }
    if (divided !== undefined) yield* cutContainer(divided, [...path, name])
    content = emptyLike(container)
    weight = 0
  }
  if (weight > 0) yield { path, content }
}

/** What pieces were cut from, once all were added in their order. */
export class Assembly {
  #whole: Container<unknown> = []

  add({ path, content }: Piece): void {
    if (path.length === 0) this.#whole = []
    let target = this.#whole
    for (const name of path) {
      target = (target as Record<string | number, Container<unknown>>)[name] as Container<unknown>
    }
    if (Array.isArray(content)) append(target as unknown[], content)
    else for (const [name, item] of Object.entries(content)) add(target, name, item)
  }

  /** The value. It is held no longer. */
  take(): unknown {
    const [value] = this.#whole as unknown[]
    this.#whole = []
    return value
  }
}

/** Stops where it is heavier than the limit. */
function weigh(json: Json, limit: number): number {
  if (typeof json === 'string') return 1 + json.length / CHARACTERS_PER_WEIGHT
  if (typeof json !== 'object' || json === null) return 1
  let weight = 1
  for (const item of Array.isArray(json) ? json : Object.values(json)) {
    weight += weigh(item, limit - weight)
    if (weight > limit) break
  }
  return weight
}

function isDivisible(json: Json): json is Container<Json> {
  if (typeof json !== 'object' || json === null) return false
  return Array.isArray(json) || tagOf(Object.keys(json)) === undefined
}

function emptyLike(container: Container<Json>): Container<Json> {
  return Array.isArray(container) ? [] : {}
}

function entriesOf<T>(container: Container<T>): Iterable<[string | number, T]> {
  return Array.isArray(container) ? container.entries() : Object.entries(container)
}

/** Keeps the places that were never set. */
function append(target: unknown[], items: readonly unknown[]): void {
  for (let index = 0; index < items.length; index++) {
    if (index in items) target.push(items[index])
    else target.length += 1
  }
}

/** To the end of an array, or as that property of an object. */
function add<T>(target: Container<T>, name: string | number, item: T): void {
  if (Array.isArray(target)) target.push(item)
  else setOwn(target, String(name), item)
}
