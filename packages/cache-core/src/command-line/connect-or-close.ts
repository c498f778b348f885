interface ConnectingCache {
  connect(options: { readonly required: true }): Promise<unknown>
  close(): Promise<void>
}

/**
 * Connects a cache, and returns it. Closes it when Redis cannot be used.
 *
 * @throws what `connect` throws
 */
export async function connectOrClose<Cache extends ConnectingCache>(cache: Cache): Promise<Cache> {
  try {
    await cache.connect({ required: true })
    return cache
  } catch (error) {
    await cache.close()
    throw error
  }
}
