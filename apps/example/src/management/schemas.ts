import { z } from 'zod'

/** The bodies that the management API accepts. A field that names a tenant is unknown to all of them. */
export const invalidationSchema = z
  .strictObject({
    pattern: z
      .string()
      .min(1)
      .max(4_096)
      .optional()
      .describe('A glob of keys: *, ? and [abc]. Not permitted where the service has tenants.'),
    operation: z
      .enum(['summarize', 'sentiment', 'key_points', 'questions', 'qa'])
      .optional()
      .describe('Removes the results of this operation; those of the tenant of the caller.'),
    operation_context: z
      .string()
      .max(100)
      .default('api_endpoint')
      .describe('The reason, for the statistics.'),
  })
  .refine(({ pattern, operation }) => (pattern === undefined) !== (operation === undefined), {
    error: 'the body must have either pattern or operation',
  })

export const invalidatedSchema = z.object({ message: z.string(), keys_invalidated: z.int().min(0) })

export const statusSchema = z.object({
  mode: z.enum(['memory', 'redis', 'memory_only']),
  redis: z.object({ status: z.enum(['not_configured', 'connected', 'unavailable']) }),
  memory: z.object({
    memory_cache_entries: z.int().min(0),
    memory_cache_size_limit: z.int().min(0),
    memory_cache_utilization: z.string(),
  }),
  performance: z.object({
    cache_hit_rate: z.number().optional().describe('Percent; absent before the first read.'),
    total_cache_operations: z.int().min(0),
    cache_hits: z.int().min(0),
    cache_misses: z.int().min(0),
  }),
})

export const recommendationsSchema = z.object({
  recommendations: z.array(
    z.object({
      severity: z.enum(['info', 'warning', 'error', 'critical']),
      issue: z.string(),
      message: z.string(),
      suggestions: z.array(z.string()),
    }),
  ),
})

export const errorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), field: z.string().optional() }),
})
