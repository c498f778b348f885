export { type CachePluginOptions, cachePlugin } from './cache-plugin.js'
export type { ReplyGetOrCompute, RequestList } from './get-or-compute.js'
