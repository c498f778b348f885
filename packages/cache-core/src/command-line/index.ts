export { connectOrClose, type RedisUrlRule, redisUrlFrom, variable } from './redis.js'
export { runCommandLine } from './run-command-line.js'
export { type CommandLine, type CommandOption, examples } from './usage.js'
