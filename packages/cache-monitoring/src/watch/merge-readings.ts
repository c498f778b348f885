import { assertMap, assertReading } from './assert-reading.js'
import { type Counters, instancesOf, type Reading, sumOfCounters } from './reading.js'

/**
 * Adds up readings of several caches or processes: counters and sizes are added, and rates and
 * percentiles are those of all operations together.
 *
 * @param readings - by a name that each source keeps from reading to reading. Leave out a source that did
 * not answer: what it counted meanwhile is added when it answers again
 * @throws ValidationError (`INVALID_ARGUMENT`) that names the wrong field of a reading
 */
export function mergeReadings(readings: ReadonlyMap<string, Reading>): Reading {
  assertMap(readings, 'readings', 'a Map of readings by name')
  for (const [index, reading] of [...readings.values()].entries()) {
    assertReading(reading, `readings[${index}]`)
  }
  const all = [...readings.values()]
  const instances = new Map<string, Counters>()
  for (const [source, reading] of readings) {
    for (const [name, counters] of instancesOf(reading)) {
      instances.set(name === '' ? source : `${source} ${name}`, counters)
    }
  }
  const memories = all.flatMap(({ memory }) => (memory === undefined ? [] : [memory]))
  return {
    takenAt: Math.max(...all.map(({ takenAt }) => takenAt)),
    ...sumOfCounters(instances.values()),
    ...(memories.length > 0 && {
      memory: {
        bytes: memories.reduce((sum, { bytes }) => sum + bytes, 0),
        entries: memories.reduce((sum, { entries }) => sum + entries, 0),
      },
    }),
    alerts: all.flatMap(({ alerts }) => alerts),
    instances,
  }
}
