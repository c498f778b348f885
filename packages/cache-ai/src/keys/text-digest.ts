import { createHash, hash as hashAtOnce } from 'node:crypto'

/** Long texts are turned into bytes so many UTF-16 units at a time, and never as a whole. */
const SLICE = 65_536

/** The digest of a well-formed text, and of what is to stand behind it, in hexadecimal digits. */
export function textDigest(algorithm: string, text: string, behind = ''): string {
  if (text.length <= SLICE) return hashAtOnce(algorithm, text + behind, 'hex')
  const hash = createHash(algorithm)
  for (let start = 0; start < text.length; ) {
    const end = sliceEnd(text, start + SLICE)
    hash.update(text.slice(start, end))
    start = end
  }
  return hash.update(behind).digest('hex')
}

/** Not between the halves of a pair: alone they have no bytes. */
function sliceEnd(text: string, end: number): number {
  const last = text.charCodeAt(end - 1)
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end
}
