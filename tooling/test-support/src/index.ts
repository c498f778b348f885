export { askRedis } from './ask-redis.js'
export { Certificates, LOCAL } from './certificates.js'
export { findChromium } from './find-chromium.js'
export { findRedisServer } from './find-redis-server.js'
export { plantForeignKeys, stateOf } from './foreign-keys.js'
export { freePort } from './free-port.js'
export { findPrometheus, type PrometheusSample, PrometheusServer } from './prometheus-server.js'
export { testReadme } from './readme.js'
export {
  type RecordedWarnings,
  type RecordingLogger,
  recordingLogger,
  recordWarnings,
} from './recorded-messages.js'
export { type RedisCluster, startRedisCluster } from './redis-cluster.js'
export { type RedisSentinel, startRedisSentinel } from './redis-sentinel.js'
export { type RedisServer, startRedis } from './redis-server.js'
export {
  type ProgramOutcome,
  type RunningProgram,
  runPiped,
  runProgram,
  startProgram,
} from './run-program.js'
export { writeCommandsDuring } from './write-commands.js'
