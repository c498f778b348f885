import { execFileSync } from 'node:child_process'
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { InMemoryCache } from '@verbatim/cache-memory'
import { describe, expect, test } from 'vitest'
import { type BackupResult, CacheMigrationManager } from '../../src/index.js'
import { folder } from '../backup-folder.js'

const manager = new CacheMigrationManager()

function backup(file: string, overwrite: boolean): Promise<BackupResult> {
  return manager.createBackup(new InMemoryCache(), file, { overwrite })
}

async function isWhole(file: string): Promise<boolean> {
  return (await manager.inspectBackup(file)).success
}

async function newFolder(): Promise<string> {
  return mkdtemp(path.join(folder, 'target-'))
}

test.each([true, false])(
  'a backup rejects a path that is not a regular file, with overwrite %s',
  async (overwrite) => {
    const inside = await newFolder()
    const fifo = path.join(inside, 'fifo')
    execFileSync('mkfifo', [fifo])
    const directory = path.join(inside, 'directory')
    await mkdir(directory)
    const socket = path.join(inside, 'socket')
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    const link = path.join(inside, 'link')
    await symlink(fifo, link)
    // A link to the device, so that a wrong backup would replace only the link.
    const device = path.join(inside, 'device')
    await symlink('/dev/null', device)
    const names = await readdir(inside)

    for (const [file, kind] of [
      [fifo, 'a FIFO'],
      [directory, 'a directory'],
      [socket, 'a socket'],
      [link, 'a FIFO'],
      [device, 'a device'],
    ] as const) {
      const before = await lstat(file)
      const { success, errors } = await backup(file, overwrite)
      expect([success, errors]).toEqual([
        false,
        [
          'Backup failed; no file was written: file must be a regular file, or - for standard ' +
            `output in cache-migrate; ${JSON.stringify(file)} is ${kind}`,
        ],
      ])
      expect((await lstat(file)).ino).toBe(before.ino)
    }
    expect(await readdir(inside)).toEqual(names)
    await new Promise((resolve) => server.close(resolve))
  },
)

test('a restore and an inspection reject a FIFO, and do not wait for its writer', async () => {
  const inside = await newFolder()
  const fifo = path.join(inside, 'fifo')
  execFileSync('mkfifo', [fifo])
  const refused = expect.stringMatching(/file must be a regular file.* is a FIFO$/)
  expect((await manager.inspectBackup(fifo)).errors).toEqual([refused])
  expect((await manager.restoreBackup(fifo, new InMemoryCache())).errors).toEqual([refused])
})

describe('a backup to a symbolic link', () => {
  test('replaces the target of the link and preserves the link', async () => {
    const inside = await newFolder()
    const elsewhere = await newFolder()
    const real = path.join(elsewhere, 'real.gz')
    await writeFile(real, 'old')
    const link = path.join(inside, 'link.gz')
    await symlink(path.relative(inside, real), link)

    expect(await backup(link, false)).toMatchObject({
      errors: ['Backup failed; no file was written: the file exists and overwrite is not set'],
    })
    expect(await readFile(real, 'utf8')).toBe('old')

    expect(await backup(link, true)).toMatchObject({ success: true, backupFile: link })
    expect((await lstat(link)).isSymbolicLink()).toBe(true)
    expect((await lstat(real)).isFile()).toBe(true)
    expect(await isWhole(real)).toBe(true)
    expect([await readdir(inside), await readdir(elsewhere)]).toEqual([['link.gz'], ['real.gz']])
  })

  test('creates the target of the link if it does not exist and overwrite is set', async () => {
    const inside = await newFolder()
    const elsewhere = await newFolder()
    const [first, second] = [path.join(inside, 'first.gz'), path.join(elsewhere, 'second.gz')]
    await symlink(path.relative(inside, second), first)
    await symlink('new.gz', second)

    expect(await backup(first, false)).toMatchObject({
      errors: ['Backup failed; no file was written: the file exists and overwrite is not set'],
    })
    expect(await backup(first, true)).toMatchObject({ success: true })
    expect(await readlink(second)).toBe('new.gz')
    expect(await isWhole(path.join(elsewhere, 'new.gz'))).toBe(true)
    expect(await readdir(inside)).toEqual(['first.gz'])
    expect((await readdir(elsewhere)).toSorted()).toEqual(['new.gz', 'second.gz'])
  })

  test('fails for a link to itself and preserves the link', async () => {
    const link = path.join(await newFolder(), 'link.gz')
    await symlink(link, link)
    const { errors } = await backup(link, true)
    expect(errors[0]).toContain('ELOOP')
    expect(await readlink(link)).toBe(link)
  })
})
