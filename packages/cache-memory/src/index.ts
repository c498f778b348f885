export { InMemoryCache } from './in-memory-cache.js'
export { type Isolation, type Isolator, isolatorFor } from './isolation.js'
export type { InMemoryCacheOptions } from './options.js'
export type { InMemoryCacheStats } from './stats.js'
