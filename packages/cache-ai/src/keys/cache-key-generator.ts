import { createHash, getHashes, type KeyObject } from 'node:crypto'
import {
  type CacheMonitor,
  ConfigurationError,
  canonicalJson,
  escapeGlob,
  MAX_KEY_BYTES,
} from '@verbatim/cache-core'
import {
  assertKnownFields,
  assertMonitor,
  choiceOption,
  integerOption,
  invalidOption,
  MonitorGuard,
  recognizeCopies,
  timers,
  utf8Length,
} from '@verbatim/cache-core/implement'
import {
  assertNoTenant,
  assertOperation,
  assertOptions,
  assertQuestion,
  assertTenant,
  assertText,
} from '../arguments.js'
import { legacyKey } from '../legacy/legacy-key.js'
import { hasMoreCodePoints } from './code-points.js'
import { KeyGenerationCounts, type KeyGenerationStats } from './key-generation-stats.js'
import { checkedKeySecret, type KeySecretOption } from './key-secret.js'
import { textDigest } from './text-digest.js'

/** The options of a request, such as `{ max_length: 100, model: 'gpt-4' }`. */
export type RequestOptions = Readonly<Record<string, unknown>>

/** The default and the rule of each option that plain data can express. */
export const KEY_SETTINGS = {
  textHashThreshold: {
    kind: 'integer',
    default: 1_000,
    min: 1,
    max: 100_000,
    unit: 'code points',
  },
  // The constructor also accepts other algorithms of Node. A configuration file does not.
  hashAlgorithm: {
    kind: 'choice',
    default: 'sha256',
    choices: ['sha256', 'sha384', 'sha512', 'sha1', 'md5'],
  },
  keyStyle: { kind: 'choice', default: 'readable', choices: ['readable', 'hashed', 'legacy'] },
} as const

/**
 * The form of a key.
 *
 * - `'readable'`: the key contains short texts unchanged, for people who inspect the store.
 * - `'hashed'`: the key contains nothing of the text, the options, the question or the tenant.
 * - `'legacy'`: the key of the Python version, to read responses that it stored. Different requests can have
 *   the same legacy key, it has no tenant, and a cache rejects one of more than 1 KiB.
 */
export type KeyStyle = (typeof KEY_SETTINGS.keyStyle.choices)[number]

export interface CacheKeyGeneratorOptions extends KeySecretOption {
  /** Texts of more code points than this are hashed. 1 to 100,000. Default: 1000. */
  readonly textHashThreshold?: number | undefined
  /** A hash algorithm of Node with at least 128 bits. Default: `'sha256'`. */
  readonly hashAlgorithm?: string | undefined
  /** The form of the keys. Default: `'readable'`. */
  readonly keyStyle?: KeyStyle | undefined
  /** The beginning of every key. At most 128 characters. Default: `'ai_cache:'`. */
  readonly prefix?: string | undefined
  /** Receives the duration of each key generation. Default: none. */
  readonly performanceMonitor?: CacheMonitor | undefined
}

/** Digests are cut to this many hexadecimal digits, which is 128 bits. */
const DIGEST_DIGITS = 32
const LONGEST_PREFIX = 128
/** Selects the keys of some requests. */
export interface KeySelection {
  /** Default: every operation. */
  readonly operation?: string | undefined
  /** Default: requests of every tenant, and those without one. */
  readonly tenant?: string | undefined
}

const SELECTION_FIELDS: ReadonlySet<string> = new Set<keyof KeySelection>(['operation', 'tenant'])

const KNOWN_OPTIONS: ReadonlySet<string> = new Set([
  ...Object.keys(KEY_SETTINGS),
  'keySecret',
  'prefix',
  'performanceMonitor',
])

/**
 * Makes the key of an AI response from the request that it answers.
 *
 * `ai_cache:[tenant:<tenant>|]op:<operation>|txt:<text>[|opts:<digest>][|q:<digest>]`
 *
 * Two requests have the same key only if their text, operation, options, question and tenant are equal.
 * The order of options does not matter. `:`, `|` and `%` in a part are escaped as in a URL, so that parts
 * stay apart. Options are hashed as canonical JSON, so `1` and `'1'` differ.
 *
 * @example
 * ```ts
 * const keys = new CacheKeyGenerator()
 * keys.generateCacheKey('Test text', 'sentiment') // 'ai_cache:op:sentiment|txt:Test text'
 * ```
 */
export class CacheKeyGenerator {
  static {
    recognizeCopies(this, 'cache-ai/CacheKeyGenerator')
  }

  readonly #textHashThreshold: number
  readonly #hashAlgorithm: string
  readonly keyStyle: KeyStyle
  readonly #keySecret: KeyObject | undefined
  readonly #prefix: string
  readonly #monitor: CacheMonitor | undefined
  readonly #counts: KeyGenerationCounts

  /** @throws ConfigurationError (`INVALID_OPTION`) that names the bad or unknown option */
  constructor(options: CacheKeyGeneratorOptions = {}) {
    assertKnownFields(options, KNOWN_OPTIONS, 'options', ConfigurationError, 'INVALID_OPTION')
    const {
      textHashThreshold: threshold = KEY_SETTINGS.textHashThreshold.default,
      hashAlgorithm = KEY_SETTINGS.hashAlgorithm.default,
      keyStyle = KEY_SETTINGS.keyStyle.default,
      prefix = 'ai_cache:',
    } = options
    const { textHashThreshold } = KEY_SETTINGS
    this.#textHashThreshold = integerOption('textHashThreshold', threshold, textHashThreshold)
    this.#hashAlgorithm = checkedAlgorithm(hashAlgorithm)
    this.keyStyle = choiceOption('keyStyle', keyStyle, KEY_SETTINGS.keyStyle.choices)
    this.#keySecret = checkedKeySecret(options.keySecret)
    if (this.#keySecret !== undefined && keyStyle !== 'hashed') {
      const received = `keyStyle: '${keyStyle}'`
      throw invalidOption(
        'keySecret',
        "used with keyStyle: 'hashed', because other keys contain the text",
        undefined,
        { received },
      )
    }
    this.#prefix = checkedPrefix(prefix)
    assertMonitor(options.performanceMonitor, 'observeKeyGeneration')
    this.#monitor = options.performanceMonitor && new MonitorGuard(options.performanceMonitor)
    this.#counts = new KeyGenerationCounts(this.#textHashThreshold)
  }

  /**
   * Returns the key of a request.
   *
   * @param text - empty only in the legacy style
   * @param options - the options of the request. Default: none
   * @param question - Default: none, as for an empty question
   * @param tenant - the tenant that owns the response. Default: none
   * @throws ValidationError that names the argument, for wrong types, an empty text or operation, and
   * options without a canonical form
   */
  generateCacheKey(
    text: string,
    operation: string,
    options: RequestOptions = {},
    question?: string,
    tenant?: string,
  ): string {
    const startedAt = this.#monitor === undefined ? 0 : timers.now()
    assertText(text, { mayBeEmpty: this.keyStyle === 'legacy' })
    assertOperation(operation)
    assertOptions(options)
    assertQuestion(question)
    assertTenant(tenant)
    const key = this.#prefix + this.#keyOf(text, operation, options, question, tenant)
    if (this.#monitor !== undefined) {
      const milliseconds = timers.now() - startedAt
      this.#counts.add(milliseconds, text, operation)
      this.#monitor.observeKeyGeneration(milliseconds, text.length, operation)
    }
    return key
  }

  /**
   * Returns the beginning of all keys of a tenant. No other key begins with it.
   *
   * @param tenant - `undefined` returns the beginning of all keys
   * @throws ValidationError for an invalid tenant, and for any tenant in the legacy style
   */
  tenantPrefix(tenant: string | undefined): string {
    assertTenant(tenant)
    return this.#prefix + this.#tenantPart(tenant)
  }

  /**
   * Returns the beginning of all keys of an operation. No other key begins with it.
   *
   * @param tenant - `undefined` for the keys without a tenant
   * @throws ValidationError for an invalid operation or tenant
   */
  operationPrefix(operation: string, tenant: string | undefined): string {
    assertOperation(operation)
    return `${this.tenantPrefix(tenant)}op:${this.#operationPart(operation)}|`
  }

  /**
   * Returns a glob that matches the keys of an operation, of a tenant, or of both.
   *
   * @throws ValidationError for an unknown field, an invalid operation or an invalid tenant
   */
  keyPattern(selection: KeySelection = {}): string {
    assertKnownFields(selection, SELECTION_FIELDS, 'selection')
    const { operation, tenant } = selection
    if (operation === undefined) return `${escapeGlob(this.tenantPrefix(tenant))}*`
    if (tenant !== undefined) return `${escapeGlob(this.operationPrefix(operation, tenant))}*`
    assertOperation(operation)
    // `|` and `:` in other parts of a key are escaped, so only the operation matches.
    const part = escapeGlob(`op:${this.#operationPart(operation)}|`)
    return `${escapeGlob(this.#prefix)}*${part}*`
  }

  /** Returns statistics of the keys made so far. Without a monitor nothing is counted. */
  getKeyGenerationStats(): KeyGenerationStats {
    return this.#counts.stats(this.#monitor !== undefined)
  }

  #keyOf(
    text: string,
    operation: string,
    options: RequestOptions,
    question: string | undefined,
    tenant: string | undefined,
  ): string {
    const tenantPart = this.#tenantPart(tenant)
    if (this.keyStyle === 'legacy') {
      const settings = {
        textHashThreshold: this.#textHashThreshold,
        hashAlgorithm: this.#hashAlgorithm,
      }
      return legacyKey(settings, text, operation, options, question)
    }
    const head = `${tenantPart}op:${this.#operationPart(operation)}`
    const tail = this.#optionsPart(options) + this.#questionPart(question)
    return this.keyStyle === 'hashed'
      ? `${head}|h:${this.#digest(`${this.#textPart(text)}${tail}`)}`
      : this.#readableKey(head, text, tail)
  }

  /** Returns the operation, escaped except in the legacy style. */
  #operationPart(operation: string): string {
    return this.keyStyle === 'legacy' ? operation : escapePart(operation)
  }

  #tenantPart(tenant: string | undefined): string {
    if (this.keyStyle === 'legacy') assertNoTenant(tenant)
    if (tenant === undefined) return ''
    const isHashed = this.keyStyle === 'hashed'
    return `tenant:${isHashed ? this.#digest(JSON.stringify(tenant)) : escapePart(tenant)}|`
  }

  #readableKey(head: string, text: string, tail: string): string {
    if (text.isWellFormed() && !hasMoreCodePoints(text, this.#textHashThreshold)) {
      const key = `${head}|txt:${escapePart(text)}${tail}`
      // Each UTF-16 unit takes at most three bytes, so short keys need no exact count.
      const isShort = 3 * (this.#prefix.length + key.length) <= MAX_KEY_BYTES
      if (isShort || utf8Length(this.#prefix) + utf8Length(key) <= MAX_KEY_BYTES) return key
    }
    return `${head}|txt:${this.#textPart(text)}${tail}`
  }

  /** Returns a digest of a text. No escaped text equals it, because escaped texts have no colon. */
  #textPart(text: string): string {
    // Half a surrogate pair has no UTF-8 form, so any two would have the same digest. JSON escapes each
    // differently.
    return text.isWellFormed()
      ? `hash:${this.#digest(text)}`
      : `json:${this.#digest(JSON.stringify(text))}`
  }

  #optionsPart(options: RequestOptions): string {
    const canonical = canonicalJson(options, 'options')
    return canonical === '{}' ? '' : `|opts:${this.#digest(canonical)}`
  }

  #questionPart(question: string | undefined): string {
    return question === undefined || question === ''
      ? ''
      : `|q:${this.#digest(JSON.stringify(question))}`
  }

  #digest(text: string): string {
    return textDigest(this.#hashAlgorithm, text, '', this.#keySecret).slice(0, DIGEST_DIGITS)
  }
}

/** Escapes the separators of the parts of a key, and the escape character. */
function escapePart(text: string): string {
  // Most texts have none of them, and a search costs a tenth of a replacement.
  if (!text.includes('%') && !text.includes(':') && !text.includes('|')) return text
  return text.replaceAll(/[%:|]/g, (separator) => ESCAPES[separator] ?? separator)
}

const ESCAPES: Readonly<Record<string, string>> = { '%': '%25', ':': '%3A', '|': '%7C' }

function checkedPrefix(prefix: unknown): string {
  if (typeof prefix === 'string' && prefix.length <= LONGEST_PREFIX) return prefix
  throw invalidOption('prefix', `a string of at most ${LONGEST_PREFIX} characters`, prefix)
}

function checkedAlgorithm(algorithm: unknown): string {
  // The digests of the others have no length of their own.
  const isFixed = typeof algorithm === 'string' && !/^shake/i.test(algorithm)
  const isKnown = isFixed && getHashes().includes(algorithm)
  if (isKnown && createHash(algorithm).digest().length * 2 >= DIGEST_DIGITS) return algorithm
  throw invalidOption('hashAlgorithm', "a hash of 128 bits or more, such as 'sha256'", algorithm)
}
