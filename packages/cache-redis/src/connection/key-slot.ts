const SLOTS = 16_384

/** CRC-16/XMODEM of each single byte. */
const REMAINDERS = Uint16Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte << 8
  for (let bit = 0; bit < 8; bit++) remainder = (remainder << 1) ^ (remainder & 0x8000 ? 0x1021 : 0)
  return remainder
})

/**
 * The slot of a Redis Cluster that a key belongs to. Of `a{b}c` only `b` counts.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model
 */
export function slotOf(key: string): number {
  let remainder = 0
  for (const byte of Buffer.from(hashTag(key) ?? key)) {
    remainder = ((remainder << 8) & 0xffff) ^ (REMAINDERS[(remainder >> 8) ^ byte] ?? 0)
  }
  return remainder % SLOTS
}

function hashTag(key: string): string | undefined {
  const start = key.indexOf('{') + 1
  const end = key.indexOf('}', start)
  return start > 0 && end > start ? key.slice(start, end) : undefined
}
