import { defineConfig } from 'vitest/config'

// A cache that forgets its fence lets newcomers wait for a load that never ends: a short limit.
export default defineConfig({ test: { include: ['broken-caches.ts'], testTimeout: 300 } })
