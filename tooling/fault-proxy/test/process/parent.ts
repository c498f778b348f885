import { startFaultProxy } from '../../src/fault-proxy.js'

// A parent that never ends its proxy, for the test that kills it.
const proxy = await startFaultProxy({ target: 1 })
process.stdout.write(`${proxy.pid}\n`)
