import type { AIRequest } from '@verbatim/cache-ai'
import { nearestName } from '@verbatim/cache-core/implement'
import { z } from 'zod'
import type { Task } from './analysis/operations.js'
import { RequestError } from './request-error.js'

/** Longer texts would occupy a thread for many seconds. */
const MAX_TEXT_LENGTH = 100_000

const MAX_QUESTION_LENGTH = 500
const OPERATIONS = ['summarize', 'sentiment', 'key_points', 'questions', 'qa'] as const

const hasWord = (text: string): boolean => /[\p{L}\p{N}]/u.test(text)

const textRule = `text must be a string with at least one word, of at most ${MAX_TEXT_LENGTH} characters`
const operationRule = `operation must be one of ${OPERATIONS.join(', ')}`
const questionRule = `question must be a string with at least one word, of at most ${MAX_QUESTION_LENGTH} characters`

const bodySchema = z.strictObject(
  {
    text: z
      .string(textRule)
      .max(MAX_TEXT_LENGTH, textRule)
      .refine(hasWord, textRule)
      .refine((text) => text.isWellFormed(), 'text must be well-formed Unicode'),
    operation: z.enum(OPERATIONS, operationRule),
    options: z.unknown().optional(),
    question: z
      .string(questionRule)
      .max(MAX_QUESTION_LENGTH, questionRule)
      .refine(hasWord, questionRule)
      .refine((text) => text.isWellFormed(), 'question must be well-formed Unicode')
      .optional(),
  },
  'the body must be a JSON object with text and operation',
)

const countRule = 'options.count must be an integer from 1 to 20'
const maxSentencesRule = 'options.max_sentences must be an integer from 1 to 20'
const count = z.int(countRule).min(1, countRule).max(20, countRule).default(5)
const maxSentences = z.int(maxSentencesRule).min(1, maxSentencesRule).max(20, maxSentencesRule)
const optionsRule = 'options must be an object'

const noOptions = z.strictObject({}, optionsRule)
const countOptions = z.strictObject({ count }, optionsRule)
const summarizeOptions = z.strictObject({ max_sentences: maxSentences.default(3) }, optionsRule)

export interface ProcessRequest {
  readonly text: string
  readonly task: Task
}

/**
 * Checks the body of a request and fills in defaults, so that equivalent requests have the same cache key.
 *
 * @throws RequestError that names the field and its rule, and quotes nothing of the text
 */
export function parseProcessRequest(body: unknown): ProcessRequest {
  const { text, operation, options = {}, question } = check(bodySchema, body, [])
  if (operation === 'qa') {
    if (question === undefined) throw invalidField('question', 'question is required for qa')
    return { text, task: { operation, options: checkOptions(noOptions, options), question } }
  }
  if (question !== undefined) throw invalidField('question', 'question is only allowed for qa')
  if (operation === 'summarize') {
    return { text, task: { operation, options: checkOptions(summarizeOptions, options) } }
  }
  if (operation === 'sentiment') {
    return { text, task: { operation, options: checkOptions(noOptions, options) } }
  }
  return { text, task: { operation, options: checkOptions(countOptions, options) } }
}

/** Returns the request to the cache of results. */
export function cacheRequest(
  { text, task }: ProcessRequest,
  tenant: string | undefined,
): AIRequest {
  const { operation, options } = task
  const question = operation === 'qa' ? task.question : undefined
  return { text, operation, options, question, tenant }
}

function checkOptions<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape, z.core.$strict>,
  options: unknown,
): z.output<typeof schema> {
  return check(schema, options, ['options'])
}

/** @param path - the names from the body to the input */
function check<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape, z.core.$strict>,
  input: unknown,
  path: readonly string[],
): z.output<typeof schema> {
  const checked = schema.safeParse(input)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  const field = [...path, ...(issue?.path.map(String) ?? [])].join('.')
  if (issue?.code === 'unrecognized_keys') {
    const unknown = [...path, shownKey(issue.keys[0])].join('.')
    const known = Object.keys(schema.shape)
    const nearest = nearestName(issue.keys[0] ?? '', known)
    const suggestion = nearest === undefined ? '' : ` Did you mean ${nearest}?`
    const names = known.join(', ') || 'none'
    throw invalidField(
      unknown,
      `${unknown} is not a known field.${suggestion} Known fields: ${names}`,
    )
  }
  throw invalidField(field || undefined, issue?.message ?? 'the body is not valid')
}

// A name that does not look like a field may be text of the user, so it is not quoted.
function shownKey(key: string | undefined): string {
  return key !== undefined && /^\w{1,40}$/u.test(key) ? key : '(unnamed)'
}

function invalidField(field: string | undefined, message: string): RequestError {
  return new RequestError(400, 'INVALID_REQUEST', message, field)
}
