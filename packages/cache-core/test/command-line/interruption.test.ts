import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Interruption } from '../../src/command-line/interruption.js'

// A real timer would end the process later.
beforeEach(() => void vi.useFakeTimers())

afterEach(() => {
  process.stdout.removeAllListeners('error')
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const closePipe = (): void => {
  process.stdout.emit('error', Object.assign(new Error(), { code: 'EPIPE' }))
}

test('the process exits when the pipe closes after the command has ended', () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
  const interruption = new Interruption()
  interruption.finish()
  expect(exit).not.toHaveBeenCalled()
  closePipe()
  expect(exit).toHaveBeenCalledExactlyOnceWith(process.exitCode ?? 0)
})

test('a command can clean up when the pipe closes before its end', () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
  const interruption = new Interruption()
  closePipe()
  expect(interruption.signal.aborted).toBe(true)
  expect(exit).not.toHaveBeenCalled()
  interruption.finish()
  expect(exit).toHaveBeenCalledExactlyOnceWith(process.exitCode ?? 0)
})
