import { isPromiseLike } from '@verbatim/cache-core/implement'

/** A value, or a promise of one. For a small value, a promise costs more than the work itself. */
export type MaybePromise<T> = T | Promise<T>

/** Calls a function with the value: at once if the value is there, or when its promise resolves. */
export function chain<T, R>(value: MaybePromise<T>, use: (value: T) => Promise<R>): Promise<R>
export function chain<T, R>(
  value: MaybePromise<T>,
  use: (value: T) => MaybePromise<R>,
): MaybePromise<R>
export function chain<T, R>(
  value: MaybePromise<T>,
  use: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  // zone.js and bluebird replace the global Promise, so `instanceof` is not reliable.
  return isPromiseLike(value) ? value.then(use) : use(value)
}
