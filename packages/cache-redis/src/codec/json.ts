/** What JSON can say. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json }

/** Whether JSON can write a number and read it back. */
export function isJsonNumber(value: unknown): value is number {
  return Number.isFinite(value) && !Object.is(value, -0)
}

/** The tag of an object that stands for something that JSON cannot say. */
export function tagOf(names: readonly string[]): string | undefined {
  const [first] = names
  return names.length === 1 && first?.startsWith('$') && !first.startsWith('$$') ? first : undefined
}

/** A name that cannot be taken for a tag. */
export function escapeName(name: string): string {
  return name.startsWith('$') ? `$${name}` : name
}

/** Whether JSON has names that start with a dollar; without any it is its own value. */
export function hasTags(text: string): boolean {
  // A search for one character is a hundred times as fast, and most values have no dollar at all.
  return text.includes('$') && text.includes('"$')
}

export function unescapeName(name: string): string {
  return name.startsWith('$') ? name.slice(1) : name
}

/** Sets a property of that name, even one called `__proto__`; assigning that swaps the prototype. */
export function setOwn<T>(target: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  } else target[name] = value
}
