import { startFaultProxy } from '../../src/fault-proxy.js'

// Starts a proxy and never ends it, for the test that kills this process.
const proxy = await startFaultProxy({ target: 1 })
process.stdout.write(`${proxy.pid}\n`)
