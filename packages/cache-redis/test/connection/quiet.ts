import { afterEach, beforeEach, vi } from 'vitest'

/** Fails each test of this file that writes to stderr. */
export function expectQuiet(): void {
  beforeEach(() => {
    vi.spyOn(console, 'warn').mockClear()
    vi.spyOn(console, 'error').mockClear()
  })
  afterEach(() => {
    const said = [...vi.mocked(console.warn).mock.calls, ...vi.mocked(console.error).mock.calls]
    if (said.length > 0) throw new Error(`stderr: ${said.join('; ')}`)
  })
}
