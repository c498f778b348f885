import { createHmac, randomBytes } from 'node:crypto'
import { isPlainObject } from '@verbatim/cache-core/implement'
import type { CachedCall } from './call-control.js'
import type { KeyDocument } from './request-key.js'
import { tenantDigest } from './tenant.js'

/** Number of requests and of explanations that are remembered. */
const MAX_REQUESTS = 100
/** Number of values of a request that have digests of their own. The others share one digest for each field. */
const MAX_VALUES = 256

/** Why the model was asked. It contains digests and names of fields, and no value of a request. */
export interface MissExplanation {
  /** The digest of the request. */
  readonly key: string
  /** When the model was asked, in milliseconds since 1970. */
  readonly at: number
  /** The digest of the most similar recent request of the same tenant; absent if there is none. */
  readonly closest?: string
  /**
   * The first place where the two requests differ, such as `messages[3].content[0].text`. Absent if they are
   * equal: the answer was not stored, has expired or was removed.
   */
  readonly path?: string
  /** The part of the values that are equal in both requests, from 0 to 1. */
  readonly similarity: number
}

/** The values of a request by path, as digests. */
interface RequestTree {
  readonly key: string
  readonly tenant: string
  readonly values: ReadonlyMap<string, string>
}

/** Remembers the requests that a model was asked, and explains why each was not found. */
export class RecentRequests {
  readonly #trees = new Map<string, RequestTree>()
  readonly #explanations = new Map<string, MissExplanation>()
  /** Without this secret, short values could be guessed from their digests. */
  readonly #secret = randomBytes(32)

  /** Remembers a request that was not found. */
  add({ key: { digest: key }, document }: CachedCall, at: number): void {
    const tree = this.#treeOf(key, document)
    const closest = this.#closest(tree)
    putLast(this.#explanations, key, { key, at, similarity: 0, ...closest })
    putLast(this.#trees, `${tree.tenant} ${key}`, tree)
  }

  /** Returns the explanation for a request by its digest; `undefined` for one that was found or is too old. */
  explain(key: string): MissExplanation | undefined {
    return this.#explanations.get(key)
  }

  #closest(
    tree: RequestTree,
  ): Pick<MissExplanation, 'closest' | 'path' | 'similarity'> | undefined {
    let best: { readonly other: RequestTree; readonly similarity: number } | undefined
    for (const other of this.#trees.values()) {
      if (other.tenant !== tree.tenant) continue
      const similarity = similarityOf(tree.values, other.values)
      // The later of two equally similar requests is more likely to be the one that was meant.
      if (best === undefined || similarity >= best.similarity) best = { other, similarity }
    }
    if (best === undefined) return undefined
    const path = firstDifference(tree.values, best.other.values)
    return {
      closest: best.other.key,
      similarity: best.similarity,
      ...(path !== undefined && { path }),
    }
  }

  #treeOf(key: string, { tenant, ...document }: KeyDocument): RequestTree {
    const values = new Map<string, string>()
    this.#addValues(values, document, '')
    return { key, tenant: tenantDigest(tenant), values }
  }

  #addValues(values: Map<string, string>, value: unknown, path: string): void {
    const isLeaf = !isBranch(value) || values.size >= MAX_VALUES
    if (isLeaf) {
      values.set(path, this.#digestOf(value))
      return
    }
    for (const [name, item] of Object.entries(value)) {
      if (item === undefined) continue
      this.#addValues(values, item, Array.isArray(value) ? `${path}[${name}]` : join(path, name))
    }
  }

  #digestOf(value: unknown): string {
    const text = JSON.stringify(value, (_name, item: unknown) =>
      item instanceof Uint8Array ? Buffer.from(item).toString('base64') : item,
    )
    return createHmac('sha256', this.#secret)
      .update(text ?? typeof value)
      .digest('base64url')
      .slice(0, 12)
  }
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

function similarityOf(
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): number {
  let equal = 0
  for (const [path, digest] of one) if (other.get(path) === digest) equal++
  return equal / Math.max(one.size, other.size, 1)
}

function firstDifference(
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): string | undefined {
  for (const [path, digest] of one) if (other.get(path) !== digest) return path
  for (const path of other.keys()) if (!one.has(path)) return path
  return undefined
}

function putLast<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > MAX_REQUESTS && oldest !== undefined) map.delete(oldest)
}
