import { ModelServer } from '@verbatim/model-server'
import { testReadme } from '@verbatim/test-support'
import { afterAll } from 'vitest'

const server = await ModelServer.start()
afterAll(() => server[Symbol.asyncDispose]())

await testReadme(new URL('../README.md', import.meta.url), {
  OPENAI_BASE_URL: `${server.url}/v1`,
  OPENAI_API_KEY: 'test',
  // The example of cassettes records where CI is not set.
  CI: '',
})
