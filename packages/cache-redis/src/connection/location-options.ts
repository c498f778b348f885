import type { RedisClient } from './redis-client.js'

/** The servers of a master that Redis Sentinel watches over. */
export interface SentinelOptions {
  /** What the sentinels call the master. */
  readonly name: string
  /**
   * `redis://` or `rediss://[user:password@]host[:port]` of the sentinels, as many as there are; the
   * port is 26379 unless they say. The user and password of the first are for all of them.
   */
  readonly urls: readonly string[]
  /** The user to log in to the servers as. Default: the servers' default user. */
  readonly username?: string | undefined
  /** Default: none. */
  readonly password?: string | undefined
  /** The number of the database. Default: 0. */
  readonly database?: number | undefined
  /** Whether the servers are reached over TLS; the URLs say it of the sentinels. Default: false. */
  readonly tls?: boolean | undefined
}

/** A Redis Cluster. */
export interface ClusterOptions {
  /**
   * `redis://` or `rediss://[user:password@]host[:port]` of some of its nodes; the others are found.
   * The user and password of the first are for all of them.
   */
  readonly urls: readonly string[]
}

/** Where Redis is. At most one of them may be given; a cache with none of them is memory only. */
export interface LocationOptions {
  /** One server: `redis://` or `rediss://[user:password@]host[:port][/database]`, the latter for TLS. */
  readonly redisUrl?: string | undefined
  /** Whichever server the sentinels call the master. */
  readonly sentinel?: SentinelOptions | undefined
  /** A Redis Cluster. */
  readonly cluster?: ClusterOptions | undefined
  /** A client of yours, by ioredis 5 or 6. It is used, never changed and never closed. */
  readonly client?: RedisClient | undefined
}
