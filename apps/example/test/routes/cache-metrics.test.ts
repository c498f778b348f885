import { fetchReading } from '@verbatim/cache-monitoring/watch'
import { expect, test } from 'vitest'
import { startService } from '../support/service.js'

const TEXT = 'It rained on Ada all day.'

test.each(['/metrics', '/internal/cache/metrics'])(
  '%s has the figures of the cache and no text',
  async (url) => {
    const { app } = await startService()
    const payload = { text: TEXT, operation: 'sentiment' }
    for (let time = 0; time < 4; time++) {
      await app.inject({ method: 'POST', url: '/process', payload })
    }
    const address = await app.listen({ host: '127.0.0.1', port: 0 })
    expect(await fetchReading(`${address}${url}`)).toMatchObject({ hits: 3, misses: 1, errors: 0 })
    const page = await app.inject(url)
    expect(page.body).not.toContain('Ada')
    expect(page.headers['content-type']).toMatch(
      url === '/metrics' ? 'text/plain; version=0.0.4' : 'application/json',
    )
  },
)
