import type { GetOrSetOptions, Loader } from '../../../../src/index.js'
import { ReferenceCache } from '../../reference-cache.js'

export interface Call<T> {
  readonly key: string
  readonly loader: Loader<T>
  readonly options: GetOrSetOptions<T>
}

/** A cache that hears another call of `getOrSet` than was made. */
export abstract class Mishears extends ReferenceCache {
  override getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    // What is not even an object is refused as ever.
    if (options === null || typeof (options ?? {}) !== 'object' || Array.isArray(options)) {
      return super.getOrSet(key, loader, options)
    }
    const heard = this.heard<T>({ key, loader, options: options ?? {} })
    return super.getOrSet<T>(heard.key, heard.loader, heard.options)
  }

  protected abstract heard<T>(call: Call<T>): Call<T>
}

/** The call without one of its options. */
export function without<T>(call: Call<T>, option: keyof GetOrSetOptions): Call<T> {
  return { ...call, options: { ...call.options, [option]: undefined } }
}
