/** An item of one direction of a connection: bytes, or the kind of its end. */
export type Flowing = Buffer | 'end' | 'reset'

export const sizeOf = (item: Flowing): number => (typeof item === 'string' ? 0 : item.length)
