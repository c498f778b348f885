import { types } from 'node:util'
import { SerializationError } from '@verbatim/cache-core'
import {
  classNameOf,
  type DataKind,
  dataKindOf,
  describeProperty,
  extraPropertyOf,
} from '@verbatim/cache-core/implement'

// Captured at load: fake timers replace the global.
const { Date } = globalThis

/** The class that all typed arrays extend. Its `toStringTag` returns the built-in class of an instance. */
const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype) as object

/** Maximum depth. Deeper values could overflow the stack. */
const MAX_DEPTH = 512

/**
 * Returns a deep copy of a value, made of objects of this realm.
 *
 * `structuredClone` is not used, because it silently turns a `URL` or a class instance into a bare object.
 *
 * @throws SerializationError (`NOT_CLONEABLE`) with the path of the part that cannot be copied. Such parts
 * are functions, instances of other classes, properties on anything but plain objects, symbol properties,
 * and objects deeper than 512 levels
 */
export function deepCopy(value: unknown): unknown {
  return new Copier().copy(value)
}

/** Returns whether a value cannot change and needs no copy. */
export function isImmutable(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function')
}

class Copier {
  /** Finished copies, so that shared and circular parts stay shared and circular. */
  readonly #copies = new Map<object, unknown>()
  readonly #path: (string | number)[] = []

  copy(value: unknown): unknown {
    if (value === null || typeof value !== 'object') {
      if (typeof value === 'function') throw this.#refused('a function')
      return value
    }
    return this.#copies.get(value) ?? this.#copyObject(value)
  }

  #copyObject(value: object): unknown {
    const kind = dataKindOf(value)
    if (kind === undefined) throw this.#refused(`an instance of ${classNameOf(value)}`)
    if (this.#path.length >= MAX_DEPTH)
      throw this.#refused(`an object deeper than ${MAX_DEPTH} levels`)
    const extra = extraPropertyOf(value, kind)
    if (extra !== undefined) throw this.#refused(`an object with ${describeProperty(extra)}`)
    if (kind === 'plain') return this.#copyPlain(value as Readonly<Record<string, unknown>>)
    if (kind === 'array') return this.#copyArray(value as readonly unknown[])
    if (kind === 'map') return this.#copyMap(value as ReadonlyMap<unknown, unknown>)
    if (kind === 'set') return this.#copySet(value as ReadonlySet<unknown>)
    return this.#remember(value, this.#copyLeaf(value, kind))
  }

  #copyPlain(value: Readonly<Record<string, unknown>>): unknown {
    const prototype = Object.getPrototypeOf(value) === null ? null : Object.prototype
    const copied = this.#remember(value, Object.create(prototype) as Record<string, unknown>)
    for (const name of Object.keys(value)) {
      const item = this.#inside(value[name], name)
      if (name !== '__proto__') copied[name] = item
      else defineProto(copied, item)
    }
    return copied
  }

  #copyArray(value: readonly unknown[]): unknown {
    const copied = this.#remember<unknown[]>(value, [])
    for (let index = 0; index < value.length; index++) {
      const item = value[index]
      if (item !== undefined || index in value) copied[index] = this.#inside(item, index)
    }
    // Holes at the end have no items that would extend the array.
    copied.length = value.length
    return copied
  }

  #copyMap(value: ReadonlyMap<unknown, unknown>): unknown {
    const copied = this.#remember(value, new Map<unknown, unknown>())
    let index = 0
    for (const [key, item] of value) {
      copied.set(this.#inside(key, index), this.#inside(item, index))
      index++
    }
    return copied
  }

  #copySet(value: ReadonlySet<unknown>): unknown {
    const copied = this.#remember(value, new Set<unknown>())
    let index = 0
    for (const item of value) copied.add(this.#inside(item, index++))
    return copied
  }

  #copyLeaf(value: object, kind: DataKind): object {
    switch (kind) {
      case 'date':
        return new Date(Date.prototype.getTime.call(value))
      case 'url':
        return new URL((value as URL).href)
      case 'regexp': {
        const { source, flags, lastIndex } = value as RegExp
        return Object.assign(new RegExp(source, flags), { lastIndex })
      }
      case 'arraybuffer':
        if (types.isSharedArrayBuffer(value)) {
          throw this.#refused('a SharedArrayBuffer')
        }
        return bytesOf(value as ArrayBuffer).buffer
      case 'buffer': {
        const { buffer } = bytesOfView(value as Buffer)
        return Buffer.from(buffer, 0, buffer.byteLength)
      }
      default:
        return copyView(value as ArrayBufferView)
    }
  }

  #inside(item: unknown, name: string | number): unknown {
    if (item === null || (typeof item !== 'object' && typeof item !== 'function')) return item
    this.#path.push(name)
    const copied = this.copy(item)
    this.#path.pop()
    return copied
  }

  #remember<Copy extends object>(value: object, copied: Copy): Copy {
    this.#copies.set(value, copied)
    return copied
  }

  #refused(what: string): SerializationError {
    const path = this.#path.map((name) => `[${JSON.stringify(name)}]`).join('')
    return new SerializationError(
      `value${path} must be data that can be copied; received ${what}. Store plain data, or use isolation 'none'`,
      { code: 'NOT_CLONEABLE', context: { path } },
    )
  }
}

/** Defines an own property `__proto__`. An assignment would replace the prototype. */
function defineProto(copied: object, value: unknown): void {
  Object.defineProperty(copied, '__proto__', {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}

function copyView(view: ArrayBufferView): ArrayBufferView {
  const { buffer } = bytesOfView(view)
  const name = types.isDataView(view)
    ? 'DataView'
    : (Reflect.get(TYPED_ARRAY, Symbol.toStringTag, view) as string)
  // The class of this realm. The view may belong to another realm.
  const View = (
    globalThis as unknown as Record<string, new (bytes: ArrayBuffer) => ArrayBufferView>
  )[name] as new (
    bytes: ArrayBuffer,
  ) => ArrayBufferView
  return new View(buffer)
}

/** Returns a copy of the bytes of a view only, because a Buffer may be part of a large pool. */
function bytesOfView(view: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
}

function bytesOf(buffer: ArrayBuffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint8Array(buffer))
}
