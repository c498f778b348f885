import { fileURLToPath } from 'node:url'
import { runProgram } from '@verbatim/test-support'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { CacheKeyGenerator } from '../../src/index.js'
import { jsonValue } from './json-values.js'
import type { WrittenRequest } from './print-keys.js'

const PROGRAM = fileURLToPath(new URL('print-keys.ts', import.meta.url))
const SEED = Date.now()

const request: fc.Arbitrary<WrittenRequest> = fc.tuple(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2_000 }),
  fc.string({ minLength: 1, maxLength: 8 }),
  fc.dictionary(fc.string({ unit: 'grapheme' }), jsonValue),
  fc.string({ unit: 'grapheme' }),
)

test(`another process makes the same keys of requests from JSON (seed ${SEED})`, async () => {
  const keys = new CacheKeyGenerator()
  const requests = fc.sample(request, { seed: SEED, numRuns: 2_000 })
  const env = { TZ: 'Asia/Kolkata', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }
  const { out } = await runProgram(PROGRAM, [], { input: JSON.stringify(requests), env })
  expect(JSON.parse(out)).toEqual(requests.map((each) => keys.generateCacheKey(...each)))
})
