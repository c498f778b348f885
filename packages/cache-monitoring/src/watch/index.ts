export { fetchReading } from './fetch-reading.js'
export { MonitorView, type MonitorViewOptions } from './monitor-view.js'
export {
  type Buckets,
  type Counters,
  type Latencies,
  mergeReadings,
  type Reading,
  type WatchedAlert,
} from './reading.js'
