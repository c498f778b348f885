import type { Order, Orders, Report } from '../control.js'
import { Proxy } from './proxy.js'

// The channel closes whenever the parent ends, so the proxy never outlives its parent.
process.on('disconnect', () => process.exit())

const report = (message: Report): unknown => process.send?.(message)

const proxy = new Proxy(Number(process.argv[2]), (hold) => report({ kind: 'reached', hold }))

process.on('message', ({ id, name, options }: Order) => {
  const carryOut = proxy[name].bind(proxy) as (given: unknown) => ReturnType<Orders[typeof name]>
  Promise.resolve()
    .then(() => carryOut(options))
    .then((answer) => report({ kind: 'done', id, answer }))
    .catch((error: unknown) => report({ kind: 'failed', id, reason: String(error) }))
})

report({ kind: 'ready', port: await proxy.start() })
