export { freePort } from './free-port.js'
export { testReadme } from './readme.js'
export { type RedisServer, startRedis } from './redis-server.js'
