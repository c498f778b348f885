const BYTES_PER_MB = 1_048_576

/** In units of 1,048,576 bytes. */
export function toMb(bytes: number): number {
  return bytes / BYTES_PER_MB
}
