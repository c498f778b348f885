const LIST = 0x2a
const PUSH = 0x3e
const BULK = 0x24
const SIMPLE = 0x2b

/**
 * Returns the strings at the start of a complete RESP list, up to the first other element.
 *
 * They distinguish commands and pushes without decoding the rest.
 */
export function leadingStrings(message: Buffer, most: number): Buffer[] {
  const strings: Buffer[] = []
  if (message[0] !== LIST && message[0] !== PUSH) return strings
  let position = message.indexOf('\n') + 1
  while (position < message.length && strings.length < most) {
    const lineEnd = message.indexOf('\r', position)
    const [start, end] = extent(message, position, lineEnd)
    if (start === -1) break
    strings.push(message.subarray(start, end))
    position = end + 2
  }
  return strings
}

function extent(message: Buffer, position: number, lineEnd: number): [number, number] {
  if (message[position] === SIMPLE) return [position + 1, lineEnd]
  if (message[position] !== BULK) return [-1, -1]
  const length = Number(message.toString('latin1', position + 1, lineEnd))
  return length < 0 ? [-1, -1] : [lineEnd + 2, lineEnd + 2 + length]
}
