import { type Json, setOwn, tagOf } from '../json.js'

/**
 * A piece of a large value. Sending or receiving the whole value at once would block the event loop as long
 * as converting it.
 *
 * A piece has the next items of an array, or the next properties of an object. An item that is too large
 * itself is empty in the piece, and the next pieces fill it.
 */
export interface Piece {
  /** Leads to the container of the content. Empty for the first piece, whose only item is the value. */
  readonly path: readonly (string | number)[]
  readonly content: Container<unknown>
}

type Container<T> = T[] | Record<string, T>

/**
 * The weight of a piece, which takes about two milliseconds to send or receive. Every part of a value weighs
 * one, and a string more by its length.
 */
const PIECE_WEIGHT = 20_000
const CHARACTERS_PER_WEIGHT = 100

/** Cuts JSON into pieces, one at a time. The content of a tag is not cut. */
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

/** Assembles pieces that are added in their order. */
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

  /** Returns the value, and forgets it. */
  take(): unknown {
    const [value] = this.#whole as unknown[]
    this.#whole = []
    return value
  }
}

/** Returns the weight of a part. Stops above the limit. */
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

/** Appends items, and keeps indices that were never set. */
function append(target: unknown[], items: readonly unknown[]): void {
  for (let index = 0; index < items.length; index++) {
    if (index in items) target.push(items[index])
    else target.length += 1
  }
}

/** Adds an item at the end of an array, or as a property of an object. */
function add<T>(target: Container<T>, name: string | number, item: T): void {
  if (Array.isArray(target)) target.push(item)
  else setOwn(target, String(name), item)
}
