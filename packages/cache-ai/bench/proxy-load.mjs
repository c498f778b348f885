// Sends one request again and again over 32 connections, and prints hits per second and latencies as JSON.
//
//   node bench/proxy-load.mjs URL SECONDS
import { Agent, request } from 'node:http'

const [url, seconds] = process.argv.slice(2)
const CONNECTIONS = 32
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
const body = JSON.stringify({
  model: 'gpt-test',
  messages: [{ role: 'user', content: 'How do I make tea? '.repeat(20) }],
})
const headers = {
  'content-type': 'application/json',
  'content-length': body.length,
  authorization: 'Bearer test',
}

function ask() {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method: 'POST', headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`))
      response.resume().on('end', resolve)
    })
    sent.on('error', reject).end(body)
  })
}

// The first answer is stored before the others are asked for.
await ask()
const latencies = []
const startedAt = performance.now()
const endsAt = startedAt + Number(seconds) * 1_000
const connection = async () => {
  while (performance.now() < endsAt) {
    const askedAt = performance.now()
    await ask()
    latencies.push(performance.now() - askedAt)
  }
}
await Promise.all(Array.from({ length: CONNECTIONS }, connection))
const hitsPerSecond = Math.round((latencies.length * 1_000) / (performance.now() - startedAt))
latencies.sort((one, other) => one - other)
const at = (part) => Number(latencies[Math.floor(latencies.length * part)]?.toFixed(1))
console.log(JSON.stringify({ hitsPerSecond, p50: at(0.5), p99: at(0.99) }))
agent.destroy()
