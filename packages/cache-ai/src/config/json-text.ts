import { tokenize } from '@humanwhocodes/momoa'

/** Returns what is wrong with a text that must be JSON, without a word of the text. */
export function problemOfJson(text: string): string | undefined {
  try {
    JSON.parse(text)
  } catch {
    return 'must be JSON; received another text'
  }
  return hasRepeatedName(text) ? 'must be JSON without a repeated name; received one' : undefined
}

/** JSON.parse would take the last value and ignore the others. */
function hasRepeatedName(json: string): boolean {
  const tokens = tokenize(json, { mode: 'json' })
  const open: Set<string>[] = []
  for (const [index, { type, loc }] of tokens.entries()) {
    if (type === 'LBrace') open.push(new Set())
    if (type === 'RBrace') open.pop()
    if (tokens[index + 1]?.type !== 'Colon') continue
    const name = JSON.parse(json.slice(loc.start.offset, loc.end.offset)) as string
    const names = open.at(-1)
    if (names?.has(name)) return true
    names?.add(name)
  }
  return false
}
