import { isPromiseLike } from '@verbatim/cache-core/implement'

/** A value, or a promise of one. For a small value a promise costs more than the work itself. */
export type NowOrLater<T> = T | Promise<T>

/** Calls a function with the value: at once if the value is there, else when its promise resolves. */
export function follow<T, R>(value: NowOrLater<T>, use: (value: T) => Promise<R>): Promise<R>
export function follow<T, R>(value: NowOrLater<T>, use: (value: T) => NowOrLater<R>): NowOrLater<R>
export function follow<T, R>(
  value: NowOrLater<T>,
  use: (value: T) => NowOrLater<R>,
): NowOrLater<R> {
  // zone.js and bluebird replace the global Promise: neither class can be relied on.
  return isPromiseLike(value) ? value.then(use) : use(value)
}
