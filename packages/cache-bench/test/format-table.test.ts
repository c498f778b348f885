import { expect, test } from 'vitest'
import { formatTable } from '../src/index.js'
import { clockworkResult } from './clockwork-cache.js'

test('a table contains a row for each operation and the conditions of the measurement', async () => {
  const table = formatTable([await clockworkResult('first'), await clockworkResult('second')])
  const cells = table.split('\n').map((line) =>
    line
      .split('│')
      .map((cell) => cell.trim())
      .filter((cell) => cell !== ''),
  )
  expect(cells).toContainEqual(
    'cache|operation|ops/s|avg ms|min ms|p95 ms|p99 ms|max ms|std dev ms'.split('|'),
  )
  for (const name of ['first', 'second']) {
    expect(cells).toContainEqual(`${name}|set|250|4|4|4|4|4|0`.split('|'))
  }
  expect(cells).toContainEqual('get|500|2|2|2|2|2|0'.split('|'))
  expect(cells).toContainEqual('exists|1,000|1|1|1|1|1|0'.split('|'))
  expect(cells).toContainEqual('iteration|143|7|7|7|7|7|0'.split('|'))
  expect(cells).toContainEqual(['Good: 100 iterations after a warm-up of 143, seed 1'])
  expect(cells).toContainEqual(['success rate 100 %, hit rate 100 %'])
  expect(cells).toContainEqual(['memory peak 50.0 MiB, increase 1.3 MiB'])
  expect(cells).toContainEqual(['Node.js 20.19.0, linux x64, 2 x Some CPU'])
})
