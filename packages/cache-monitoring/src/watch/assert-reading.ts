import { types } from 'node:util'
import { invalidArgument } from '@verbatim/cache-core/implement'
import { isAmount } from '../records/measurements.js'
import type { Reading } from './reading.js'

type Fields = Readonly<Record<string, unknown>>

/**
 * Checks a reading from a page or from code without types.
 *
 * @param place - the name of the argument, for the message
 * @throws ValidationError (`INVALID_ARGUMENT`) that names the field and its rule
 */
export function assertReading(reading: unknown, place: string): asserts reading is Reading {
  const fields = fieldsOf(reading, place)
  const { takenAt, memory, alerts, instances } = fields
  if (typeof takenAt !== 'number' || Number.isNaN(takenAt)) {
    throw invalidArgument(`${place}.takenAt`, 'milliseconds', takenAt)
  }
  assertCounters(fields, place)
  if (memory !== undefined) {
    assertAmounts(fieldsOf(memory, `${place}.memory`), ['bytes', 'entries'], `${place}.memory`)
  }
  for (const [index, alert] of listOf(alerts, `${place}.alerts`).entries()) {
    const at = `${place}.alerts[${index}]`
    const { name, level, message = '' } = fieldsOf(alert, at)
    assertTexts({ name, level, message }, at)
  }
  if (instances !== undefined) {
    assertMap(instances, `${place}.instances`, 'a Map of counters by name')
    for (const [index, counters] of [...instances.values()].entries()) {
      const at = `${place}.instances[${index}]`
      assertCounters(fieldsOf(counters, at), at)
    }
  }
}

/** @throws ValidationError (`INVALID_ARGUMENT`) for anything but a `Map` of any realm */
export function assertMap(
  value: unknown,
  place: string,
  rule: string,
): asserts value is ReadonlyMap<unknown, unknown> {
  if (!types.isMap(value)) throw invalidArgument(place, rule, value)
}

function assertCounters(fields: Fields, place: string): void {
  assertAmounts(fields, ['hits', 'misses', 'errors', 'operations'], place)
  for (const [index, latencies] of listOf(fields['latencies'], `${place}.latencies`).entries()) {
    const at = `${place}.latencies[${index}]`
    const { operation, tier, count, buckets } = fieldsOf(latencies, at)
    assertTexts({ operation, tier }, at)
    assertAmounts({ count }, ['count'], at)
    for (const [position, bucket] of listOf(buckets, `${at}.buckets`).entries()) {
      if (isBucket(bucket)) continue
      const rule = 'a pair of seconds and a count, both from 0'
      throw invalidArgument(`${at}.buckets[${position}]`, rule, bucket)
    }
  }
}

/** Checks a bucket, whose bound may be infinite. */
function isBucket(bucket: unknown): boolean {
  if (!Array.isArray(bucket) || bucket.length !== 2) return false
  const [bound, count] = bucket as [unknown, unknown]
  return typeof bound === 'number' && bound >= 0 && isAmount(count)
}

function assertAmounts(fields: Fields, names: readonly string[], place: string): void {
  for (const name of names) {
    if (isAmount(fields[name])) continue
    throw invalidArgument(`${place}.${name}`, 'a finite number from 0', fields[name])
  }
}

function assertTexts(fields: Fields, place: string): void {
  for (const [name, text] of Object.entries(fields)) {
    if (typeof text !== 'string') throw invalidArgument(`${place}.${name}`, 'a string', text)
  }
}

function fieldsOf(value: unknown, place: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw invalidArgument(place, 'an object', value)
}

function listOf(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw invalidArgument(place, 'an array', value)
}
