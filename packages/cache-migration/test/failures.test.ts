import { runInNewContext } from 'node:vm'
import { InMemoryCache } from '@verbatim/cache-memory'
import { describe, expect, test } from 'vitest'
import { errorCode, explain } from '../src/failures.js'
import { CacheMigrationManager } from '../src/index.js'
import { newFile } from './backup-folder.js'

const manager = new CacheMigrationManager()

describe('an error from another realm', () => {
  const systemError: unknown = runInNewContext(
    "Object.assign(new Error('EACCES: no access'), { code: 'EACCES', syscall: 'open' })",
  )

  test('explain returns the message of an error from the file system', () => {
    expect(systemError).not.toBeInstanceOf(Error)
    expect(explain(systemError)).toBe('EACCES: no access')
  })

  test('explain returns only the name of an error whose message may contain a value', () => {
    expect(explain(runInNewContext("new RangeError('secret')"))).toBe('RangeError')
    expect(explain({ name: 'RangeError', syscall: 'open', message: 'secret' })).toBe(
      'unknown error',
    )
  })

  test('errorCode returns its code', () => {
    expect(errorCode(systemError)).toBe('EACCES')
    expect(errorCode({ code: 'EACCES' })).toBeUndefined()
  })
})

describe('an abort signal of another class', () => {
  test('is accepted and stops a backup and a restore', async () => {
    const source = new InMemoryCache()
    await source.set('key', 1)
    const file = newFile()
    const idle = foreignSignal()
    expect(await manager.createBackup(source, file, { signal: idle })).toMatchObject({
      success: true,
    })
    expect(await manager.restoreBackup(file, source, { signal: idle })).toMatchObject({
      success: true,
    })

    const aborted = foreignSignal()
    aborted.abort()
    expect(await manager.createBackup(source, newFile(), { signal: aborted })).toMatchObject({
      errors: ['Backup failed; no file was written: interrupted'],
    })
    expect(await manager.restoreBackup(file, source, { signal: aborted })).toMatchObject({
      errors: ['Restore failed: interrupted'],
    })
  })

  test('stops a backup that waits for the cache', async () => {
    const signal = foreignSignal()
    const source = new InMemoryCache()
    source.inspect = async function* inspect() {
      signal.abort()
      await new Promise(() => undefined)
      yield { key: 'key', value: 1, ttl: null }
    }
    expect(await manager.createBackup(source, newFile(), { signal })).toMatchObject({
      errors: ['Backup failed; no file was written: interrupted'],
    })
  })

  test.each([
    ['a string'],
    [{ aborted: false }],
    [{ aborted: 0, addEventListener: () => 0 }],
    [null],
  ])('is rejected if it lacks the methods of a signal: %j', async (signal) => {
    const message = 'signal must be an AbortSignal; received'
    const source = new InMemoryCache()
    const options = { signal: signal as never }
    await expect(manager.createBackup(source, newFile(), options)).rejects.toThrow(message)
    await expect(manager.restoreBackup(newFile(), source, options)).rejects.toThrow(message)
  })
})

/** Returns a signal as a polyfill creates it: with the members of `AbortSignal`, but of another class. */
function foreignSignal(): AbortSignal & { abort(): void } {
  const listeners = new Set<() => void>()
  const signal = {
    aborted: false,
    reason: undefined as unknown,
    addEventListener: (_type: string, listener: () => void) => listeners.add(listener),
    removeEventListener: (_type: string, listener: () => void) => listeners.delete(listener),
    abort() {
      signal.aborted = true
      signal.reason = new Error('aborted')
      for (const listener of listeners) listener()
    },
  }
  return signal as never
}
