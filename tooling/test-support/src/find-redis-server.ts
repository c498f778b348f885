import { runs, unpackedFromDebian } from './debian-packages.js'

const DEBIAN_PACKAGES = ['redis-server', 'redis-tools', 'liblzf1', 'libjemalloc2', 'libatomic1']

const HOW_TO_GET_ONE = `No redis-server to run the tests against.
Looked at: $REDIS_SERVER_BIN, redis-server and valkey-server on PATH, Debian's packages by apt-get.
Get one by any of:
  apt-get install redis-server      Debian, Ubuntu
  brew install redis                macOS
  REDIS_SERVER_BIN=/path/to/redis-server`

/**
 * Finds a redis-server to test against: `$REDIS_SERVER_BIN`, then the PATH, then one unpacked from
 * Debian's packages into `node_modules/.cache`, which needs no root and installs nothing.
 *
 * @throws Error that says how to get one
 */
export async function findRedisServer(): Promise<string> {
  const named = process.env['REDIS_SERVER_BIN']
  if (named !== undefined && named !== '') {
    if (await runs(named)) return named
    throw new Error(`REDIS_SERVER_BIN is ${named}, which does not run`)
  }
  for (const candidate of ['redis-server', 'valkey-server']) {
    if (await runs(candidate)) return candidate
  }
  try {
    return await unpackedFromDebian('redis', DEBIAN_PACKAGES, ['redis-server', 'redis-cli'])
  } catch (cause) {
    throw new Error(HOW_TO_GET_ONE, { cause })
  }
}
