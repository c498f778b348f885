// Measures the hits of `cache-ai proxy` in memory. Run a build first. The load generator is a process of its own.
//
//   node bench/proxy.mjs
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CLI = fileURLToPath(new URL('../bin/cache-ai.js', import.meta.url))
const LOAD = fileURLToPath(new URL('proxy-load.mjs', import.meta.url))
const SECONDS = 8

const answer = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-test',
  choices: [
    {
      index: 0,
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'Boil, then pour. '.repeat(60) },
    },
  ],
  usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
}
let requests = 0
const provider = createServer((request, response) => {
  requests++
  request.resume()
  response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
})
provider.listen(0, '127.0.0.1')
await once(provider, 'listening')
const upstream = `http://127.0.0.1:${provider.address().port}`
const proxy = spawn(process.execPath, [CLI, 'proxy', '--upstream', upstream, '--port', '0'])
proxy.stderr.pipe(process.stderr)
const [line] = await once(proxy.stdout, 'data')
const url = `${/http:\S+/.exec(String(line))[0]}/v1/chat/completions`
/** Sends requests from another process, and returns its figures. */
const load = async (seconds) => {
  const { stdout } = await run(process.execPath, [LOAD, url, String(seconds)])
  return JSON.parse(stdout)
}
await load(2)
const { hitsPerSecond, p50, p99 } = await load(SECONDS)
console.log(`32 connections, ${SECONDS} s: ${hitsPerSecond} hits/s, p50 ${p50} ms, p99 ${p99} ms`)
console.log(`requests to the provider: ${requests}`)
proxy.kill('SIGTERM')
await once(proxy, 'close')
provider.close()
