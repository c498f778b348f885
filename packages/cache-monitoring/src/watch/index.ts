export { fetchReading } from './fetch-reading.js'
export { mergeReadings } from './merge-readings.js'
export { MonitorView, type MonitorViewOptions } from './monitor-view.js'
export type { Buckets, Counters, Latencies, Reading, WatchedAlert } from './reading.js'
