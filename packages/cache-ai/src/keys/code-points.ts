/** Returns whether a text has more code points than the limit. Counts them only near the limit. */
export function hasMoreCodePoints(text: string, limit: number): boolean {
  if (text.length <= limit) return false
  // A code point takes at most two units.
  return text.length > 2 * limit || countCodePoints(text) > limit
}

/** Returns the number of code points in a text. */
export function countCodePoints(text: string): number {
  let count = text.length
  for (let index = 1; index < text.length; index++) if (isPair(text, index)) count--
  return count
}

/** Returns whether the units before and at an index are the halves of a surrogate pair. */
function isPair(text: string, index: number): boolean {
  const [first, second] = [text.charCodeAt(index - 1), text.charCodeAt(index)]
  return first >= 0xd800 && first <= 0xdbff && second >= 0xdc00 && second <= 0xdfff
}
