/** Whether a text has more code points than so many, without looking at more of it than needed. */
export function hasMoreCodePoints(text: string, limit: number): boolean {
  if (text.length <= limit) return false
  // A code point takes at most two units.
  return text.length > 2 * limit || countCodePoints(text) > limit
}

export function countCodePoints(text: string): number {
  let count = text.length
  for (let index = 1; index < text.length; index++) if (isPair(text, index)) count--
  return count
}

/** Whether a unit and the one before it are the halves of a pair. */
function isPair(text: string, index: number): boolean {
  const [first, second] = [text.charCodeAt(index - 1), text.charCodeAt(index)]
  return first >= 0xd800 && first <= 0xdbff && second >= 0xdc00 && second <= 0xdfff
}
