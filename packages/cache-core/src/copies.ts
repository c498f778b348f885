type Class = abstract new (...details: never[]) => object

/**
 * Makes `instanceof` recognize the objects of every copy of a class.
 *
 * A process loads a class twice when one module imports its package and another module requires it. A
 * bundle may also contain its own copy. Subclasses have the usual `instanceof`.
 *
 * @param name - the same in every copy and different for every class, such as `cache-core/Secret`
 */
export function recognizeCopies(type: Class, name: string): void {
  const mark = Symbol.for(`@verbatim/${name}`)
  Object.defineProperty(type.prototype, mark, { value: true })
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      if (this !== type) return Function.prototype[Symbol.hasInstance].call(this, value)
      return typeof value === 'object' && value !== null && mark in value
    },
  })
}

/**
 * Returns the state that all copies of a package share in this process.
 *
 * @param name - the same in every copy. Change it when the form of the state changes
 */
export function sharedByCopies<State extends object>(name: string, create: () => State): State {
  const place = Symbol.for(`@verbatim/${name}`)
  const places = globalThis as unknown as Record<symbol, State | undefined>
  const known = places[place]
  if (known !== undefined) return known
  const state = create()
  Object.defineProperty(places, place, { value: state })
  return state
}
