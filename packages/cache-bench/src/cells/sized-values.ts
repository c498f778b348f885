import { SeededRandom } from '../seeded-random.js'
import { STORY } from '../story.js'

/** Kind of a value: one text, or records with several fields. */
export type ValueKind = 'text' | 'structured'

/** Words of one byte per character, so that a length is also a number of bytes. */
const WORDS = STORY.replaceAll(/[^ -~]/g, "'").split(' ')
/** About the length of a record. */
const RECORD_BYTES = 140

/**
 * Returns a value that is `bytes` long as JSON and differs from that of every other number. Its words are drawn from
 * a real text, so that it compresses about as a text does.
 *
 * @param bytes - at least 100
 */
export function makeSizedValue(kind: ValueKind, bytes: number, id: number): unknown {
  const random = new SeededRandom(id + 1)
  return kind === 'text' ? makeText(bytes - 2, id, random) : makeRecords(bytes, id, random)
}

function makeText(length: number, id: number, random: SeededRandom): string {
  let text = `${id}:`
  while (text.length < length) text += ` ${random.pick(WORDS)}`
  return text.slice(0, length)
}

function makeRecords(bytes: number, id: number, random: SeededRandom): unknown {
  const record = (index: number, note: string): object => ({
    id: id * 1_000 + index,
    isActive: index % 2 === 0,
    score: random.integer(0, 1_000) / 1_000,
    tags: ['cache', `topic-${index % 10}`],
    note,
  })
  if (bytes < 2 * RECORD_BYTES) return padded(record(0, ''), bytes)
  const records: object[] = []
  const value = { id, records, note: '' }
  while (JSON.stringify(value).length < bytes - 2 * RECORD_BYTES) {
    records.push(record(records.length, makeText(40, records.length, random)))
  }
  return padded(value, bytes)
}

/** Sets the note of a value so that the value has a length as JSON. */
function padded(value: object, bytes: number): unknown {
  const missing = bytes - JSON.stringify(value).length
  return { ...value, note: makeText(missing, 0, new SeededRandom(missing)) }
}
