import { text } from 'node:stream/consumers'
import { CacheKeyGenerator, type RequestOptions } from '../../src/index.js'

/** Prints the keys of the requests on standard input as JSON, as another process makes them. */

export type WrittenRequest = readonly [
  text: string,
  operation: string,
  options: RequestOptions,
  question: string,
]

const requests = JSON.parse(await text(process.stdin)) as WrittenRequest[]
const keys = new CacheKeyGenerator()
const made = requests.map(([question, ...rest]) => keys.generateCacheKey(question, ...rest))
process.stdout.write(JSON.stringify(made))
