/** What moves along one direction of a connection: bytes, and at last how it ended. */
export type Flowing = Buffer | 'end' | 'reset'

export const sizeOf = (item: Flowing): number => (typeof item === 'string' ? 0 : item.length)
