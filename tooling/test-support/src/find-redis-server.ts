import { runs, unpackedFromDebian } from './debian-packages.js'

const DEBIAN_PACKAGES = ['redis-server', 'redis-tools', 'liblzf1', 'libjemalloc2', 'libatomic1']

const INSTRUCTIONS = `The tests need a redis-server, and none was found.
Tried: $REDIS_SERVER_BIN, redis-server and valkey-server on the PATH, Debian packages with apt-get.
Install one with:
  apt-get install redis-server      Debian, Ubuntu
  brew install redis                macOS
  REDIS_SERVER_BIN=/path/to/redis-server`

/**
 * Returns the redis-server for the tests. It tries `$REDIS_SERVER_BIN`, then the PATH. Otherwise it
 * unpacks Debian packages into `node_modules/.cache`, which needs no root and installs nothing.
 *
 * @throws Error with instructions if there is none
 */
export async function findRedisServer(): Promise<string> {
  const named = process.env['REDIS_SERVER_BIN']
  if (named !== undefined && named !== '') {
    if (await runs(named)) return named
    throw new Error(`REDIS_SERVER_BIN must be a program that runs; received ${named}`)
  }
  for (const candidate of ['redis-server', 'valkey-server']) {
    if (await runs(candidate)) return candidate
  }
  try {
    return await unpackedFromDebian('redis', DEBIAN_PACKAGES, ['redis-server', 'redis-cli'])
  } catch (cause) {
    throw new Error(INSTRUCTIONS, { cause })
  }
}
