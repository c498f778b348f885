export { fetchReading } from './fetch-reading.js'
export { MonitorView, type MonitorViewOptions } from './monitor-view.js'
export type { Buckets, Latencies, Reading, WatchedAlert } from './reading.js'
