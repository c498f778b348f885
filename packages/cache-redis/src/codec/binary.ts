import { classNameOf } from '@verbatim/cache-core/implement'

/** The classes of raw bytes that can be stored. */
type BinaryClass = 'Buffer' | 'Uint8Array' | ViewClass

type ViewClass =
  | 'ArrayBuffer'
  | 'DataView'
  | 'Int8Array'
  | 'Uint8ClampedArray'
  | 'Int16Array'
  | 'Uint16Array'
  | 'Int32Array'
  | 'Uint32Array'
  | 'Float32Array'
  | 'Float64Array'
  | 'BigInt64Array'
  | 'BigUint64Array'

type View = ArrayBuffer | ArrayBufferView

/** Restores each class from bytes that nothing else refers to. */
const VIEWS: Readonly<Record<ViewClass, (buffer: ArrayBuffer) => View>> = {
  ArrayBuffer: (buffer) => buffer,
  DataView: (buffer) => new DataView(buffer),
  Int8Array: (buffer) => new Int8Array(buffer),
  Uint8ClampedArray: (buffer) => new Uint8ClampedArray(buffer),
  Int16Array: (buffer) => new Int16Array(buffer),
  Uint16Array: (buffer) => new Uint16Array(buffer),
  Int32Array: (buffer) => new Int32Array(buffer),
  Uint32Array: (buffer) => new Uint32Array(buffer),
  Float32Array: (buffer) => new Float32Array(buffer),
  Float64Array: (buffer) => new Float64Array(buffer),
  BigInt64Array: (buffer) => new BigInt64Array(buffer),
  BigUint64Array: (buffer) => new BigUint64Array(buffer),
}

export type BinaryJson =
  | { readonly $bytes: string }
  | { readonly $buffer: string }
  | { readonly $view: readonly [ViewClass, string] }

/**
 * Returns the class of raw bytes, or `undefined` for a class that cannot be restored: one that
 * extends these, or `SharedArrayBuffer`.
 */
export function binaryClassOf(value: object): BinaryClass | undefined {
  const name = classNameOf(value)
  // The tag comes from an internal slot. So a class with the name of one of these is not mistaken for it.
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1)
  if (name === 'Buffer' && tag === 'Uint8Array') return 'Buffer'
  if (name !== tag) return undefined
  return name === 'Uint8Array' || isViewClass(name) ? name : undefined
}

export function binaryToJson(value: View, name: BinaryClass): BinaryJson {
  const base64 = bytesOf(value).toString('base64')
  if (name === 'Uint8Array') return { $bytes: base64 }
  return name === 'Buffer' ? { $buffer: base64 } : { $view: [name, base64] }
}

export function bytesFrom(base64: unknown): Uint8Array {
  return new Uint8Array(bufferFrom(base64))
}

export function bufferFrom(base64: unknown): Buffer {
  return Buffer.from(base64 as string, 'base64')
}

/** @throws an error of some kind when the content was not made by {@link binaryToJson} */
export function viewFrom(content: unknown): View {
  const [name, base64] = content as [string, unknown]
  if (!isViewClass(name)) throw new RangeError('an unknown class of bytes')
  return VIEWS[name](bytesFrom(base64).buffer as ArrayBuffer)
}

function isViewClass(name: string): name is ViewClass {
  return Object.hasOwn(VIEWS, name)
}

function bytesOf(value: View): Buffer {
  return ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value)
}
