import { z } from 'zod'
import {
  errorSchema,
  invalidatedSchema,
  invalidationSchema,
  recommendationsSchema,
  statusSchema,
} from './schemas.js'

interface Described {
  readonly method: 'get' | 'post'
  readonly path: string
  readonly summary: string
  readonly needsKey?: true
  readonly body?: z.ZodType
  /** Default: any object. */
  readonly answer?: z.ZodType
}

const ROUTES: readonly Described[] = [
  {
    method: 'get',
    path: '/status',
    summary: 'Where entries are stored, and how many reads hit',
    answer: statusSchema,
  },
  { method: 'get', path: '/metrics', summary: 'All figures of the monitor' },
  {
    method: 'get',
    path: '/invalidation-stats',
    summary: 'How often and how much was invalidated',
  },
  {
    method: 'get',
    path: '/invalidation-recommendations',
    summary: 'Advice on invalidations',
    answer: recommendationsSchema,
  },
  {
    method: 'post',
    path: '/invalidate',
    summary: 'Removes results by a pattern of keys or by an operation',
    needsKey: true,
    body: invalidationSchema,
    answer: invalidatedSchema,
  },
  {
    method: 'post',
    path: '/forget',
    summary: 'Removes all results of the tenant of the caller',
    needsKey: true,
    answer: invalidatedSchema,
  },
]

export interface JsonContent {
  readonly content: { readonly 'application/json': { readonly schema: object } }
}

export interface OpenApiOperation {
  readonly summary: string
  readonly operationId: string
  readonly security?: readonly object[]
  readonly requestBody?: JsonContent & { readonly required: boolean }
  readonly responses: Readonly<Record<string, JsonContent & { readonly description: string }>>
}

export interface OpenApiDocument {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: {
    readonly securitySchemes: object
    readonly schemas: Readonly<Record<string, object>>
  }
}

/** Returns the OpenAPI document of the management API. */
export function openApiDocument(): OpenApiDocument {
  return {
    openapi: '3.1.0',
    info: { title: 'Cache management', version: '1.0.0' },
    servers: [{ url: '/internal/cache' }],
    paths: Object.fromEntries(
      ROUTES.map((route) => [route.path, { [route.method]: operationOf(route) }]),
    ),
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: jsonSchemaOf(errorSchema, 'output') },
    },
  }
}

function operationOf({ path, summary, needsKey, body, answer }: Described): OpenApiOperation {
  const schema = answer === undefined ? { type: 'object' } : jsonSchemaOf(answer, 'output')
  const failures = needsKey === true ? [400, 401, 403, 415, 429] : [429]
  const failure = {
    description: 'Failure',
    content: json({ $ref: '#/components/schemas/Error' }),
  }
  return {
    summary,
    operationId: path.slice(1),
    ...(needsKey === true && { security: [{ apiKey: [] }] }),
    ...(body && { requestBody: { required: true, content: json(jsonSchemaOf(body, 'input')) } }),
    responses: {
      200: { description: 'Success', content: json(schema) },
      ...Object.fromEntries(failures.map((status) => [status, failure])),
    },
  }
}

function json(schema: object): JsonContent['content'] {
  return { 'application/json': { schema } }
}

function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _draft, ...rest } = z.toJSONSchema(schema, { io })
  return rest
}
