import { createServer } from 'node:net'

/** Returns a loopback port on which nothing listens. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      if (address === null || typeof address === 'string') throw new Error('not a TCP address')
      probe.close(() => resolve(address.port))
    })
  })
}
