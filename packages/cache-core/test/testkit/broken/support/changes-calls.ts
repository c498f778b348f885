import type { GetOrSetOptions, Loader } from '../../../../src/index.js'
import { ReferenceCache } from '../../reference-cache.js'

export interface Call<T> {
  readonly key: string
  readonly loader: Loader<T>
  readonly options: GetOrSetOptions<T>
}

/** A cache that changes the arguments of `getOrSet`. */
export abstract class ChangesCalls extends ReferenceCache {
  override getOrSet<T>(
    key: string,
    loader: Loader<T>,
    options?: GetOrSetOptions<NoInfer<T>>,
  ): Promise<T> {
    // Options that are not an object are rejected as usual.
    if (options === null || typeof (options ?? {}) !== 'object' || Array.isArray(options)) {
      return super.getOrSet(key, loader, options)
    }
    const changedCall = this.changedCall<T>({ key, loader, options: options ?? {} })
    return super.getOrSet<T>(changedCall.key, changedCall.loader, changedCall.options)
  }

  protected abstract changedCall<T>(call: Call<T>): Call<T>
}

/** Returns the call without one of its options. */
export function without<T>(call: Call<T>, option: keyof GetOrSetOptions): Call<T> {
  return { ...call, options: { ...call.options, [option]: undefined } }
}
