/** What is there already, or a promise of it: for a small value a promise costs more than the work. */
export type NowOrLater<T> = T | Promise<T>

/** Goes on with a value, at once if it is there. */
export function follow<T, R>(value: NowOrLater<T>, use: (value: T) => Promise<R>): Promise<R>
export function follow<T, R>(value: NowOrLater<T>, use: (value: T) => NowOrLater<R>): NowOrLater<R>
export function follow<T, R>(
  value: NowOrLater<T>,
  use: (value: T) => NowOrLater<R>,
): NowOrLater<R> {
  return value instanceof Promise ? value.then(use) : use(value)
}
