import { connect } from 'node:net'

/** Sends one command to a server on this machine. Resolves with the first bytes of the reply. */
export function askRedis(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`))
    socket.setTimeout(1_000, () => socket.destroy(new Error(`no reply on port ${port}`)))
    socket.once('data', (reply) => {
      socket.destroy()
      resolve(reply.toString())
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`port ${port} was closed`)))
  })
}
