import { createHash, getHashes } from 'node:crypto'
import {
  type CacheMonitor,
  ConfigurationError,
  canonicalJson,
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
import { hasMoreCodePoints } from './code-points.js'
import { KeyGenerationCounts, type KeyGenerationStats } from './key-generation-stats.js'
import { legacyKey } from './legacy-key.js'
import { textDigest } from './text-digest.js'

/** The options of a request, such as `{ max_length: 100, model: 'gpt-4' }`. */
export type RequestOptions = Readonly<Record<string, unknown>>

/**
 * What a key looks like.
 *
 * - `'readable'`: short texts stand in the key as they are, for people who look at the store.
 * - `'hashed'`: nothing of the text, the options, the question or the tenant stands in the key.
 * - `'legacy'`: as the Python version makes it, to read what it has stored. Different requests may share
 *   such a key, it knows no tenants, and a cache refuses one of more than 1 KiB.
 */
export type KeyStyle = (typeof KEY_STYLES)[number]

export const KEY_STYLES = ['readable', 'hashed', 'legacy'] as const

export interface CacheKeyGeneratorOptions {
  /** Texts of more code points than this are hashed. 1 to 100,000. Default: 1000. */
  readonly textHashThreshold?: number | undefined
  /** Any algorithm of the platform's with 128 bits or more. Default: `'sha256'`. */
  readonly hashAlgorithm?: string | undefined
  /** Default: `'readable'`. */
  readonly keyStyle?: KeyStyle | undefined
  /** Stands before every key. At most 128 characters. Default: `'ai_cache:'`. */
  readonly prefix?: string | undefined
  /** Told how long each key took. Default: nobody. */
  readonly performanceMonitor?: CacheMonitor | undefined
}

/** Digests are cut to this many hexadecimal digits: 128 bits. */
const DIGEST_DIGITS = 32
const LONGEST_PREFIX = 128
const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof CacheKeyGeneratorOptions>([
  'textHashThreshold',
  'hashAlgorithm',
  'keyStyle',
  'prefix',
  'performanceMonitor',
])

/**
 * Makes the key of an AI response from what the response depends on.
 *
 * `ai_cache:[tenant:<tenant>|]op:<operation>|txt:<text>[|opts:<digest>][|q:<digest>]`
 *
 * Two requests share a key only if they have the same text, operation, options, question and tenant;
 * the order of options does not matter. `:`, `|` and `%` in a part are escaped like in a URL, so that no
 * part can run into the next. Options go in as canonical JSON, so `1` and `'1'` differ.
 */
export class CacheKeyGenerator {
  static {
    recognizeCopies(this, 'cache-ai/CacheKeyGenerator')
  }

  readonly #textHashThreshold: number
  readonly #hashAlgorithm: string
  readonly keyStyle: KeyStyle
  readonly #prefix: string
  readonly #monitor: CacheMonitor | undefined
  readonly #counts: KeyGenerationCounts

  /** @throws ConfigurationError (`INVALID_OPTION`) that names the bad or unknown option */
  constructor(options: CacheKeyGeneratorOptions = {}) {
    assertKnownFields(options, KNOWN_OPTIONS, 'options', ConfigurationError, 'INVALID_OPTION')
    const {
      textHashThreshold = 1_000,
      hashAlgorithm = 'sha256',
      keyStyle = 'readable',
      prefix = 'ai_cache:',
    } = options
    this.#textHashThreshold = integerOption('textHashThreshold', textHashThreshold, {
      min: 1,
      max: 100_000,
    })
    this.#hashAlgorithm = checkedAlgorithm(hashAlgorithm)
    this.keyStyle = choiceOption('keyStyle', keyStyle, KEY_STYLES)
    this.#prefix = checkedPrefix(prefix)
    assertMonitor(options.performanceMonitor, 'observeKeyGeneration')
    this.#monitor = options.performanceMonitor && new MonitorGuard(options.performanceMonitor)
    this.#counts = new KeyGenerationCounts(this.#textHashThreshold)
  }

  /**
   * @param text - not empty, except in the legacy style
   * @param options - an empty object when the request has none
   * @param question - left out of the key when missing or empty
   * @param tenant - whose response it is; left out of the key when missing
   * @throws ValidationError naming the argument, for wrong types, an empty text or operation, and
   * options that have no canonical form
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
   * What every key of a tenant begins with, and no other; empty for the keys of none.
   *
   * @throws ValidationError for what is no tenant, and in the legacy style for any
   */
  tenantPrefix(tenant: string | undefined): string {
    assertTenant(tenant)
    return this.#prefix + this.#tenantPart(tenant)
  }

  /**
   * What every key of an operation begins with, and no other, of one tenant or of none.
   *
   * @throws ValidationError for what is no operation or no tenant
   */
  operationPrefix(operation: string, tenant: string | undefined): string {
    assertOperation(operation)
    return `${this.tenantPrefix(tenant)}op:${this.#operationPart(operation)}|`
  }

  /** What was made so far, for those who pass a monitor. */
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

  /** The Python version writes it as it is. */
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
      // Text in few code points can still take many bytes: three for a unit at most.
      const isShort = 3 * (this.#prefix.length + key.length) <= MAX_KEY_BYTES
      if (isShort || utf8Length(this.#prefix) + utf8Length(key) <= MAX_KEY_BYTES) return key
    }
    return `${head}|txt:${this.#textPart(text)}${tail}`
  }

  /** The colon cannot stand in an escaped text, so no text is taken for a digest. */
  #textPart(text: string): string {
    // Half a surrogate pair has no UTF-8 form, and any two would be hashed alike. As JSON it is
    // escaped, and distinct.
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
    return textDigest(this.#hashAlgorithm, text).slice(0, DIGEST_DIGITS)
  }
}

/** Escapes what separates the parts of a key, and the escape itself. */
function escapePart(text: string): string {
  return text.replaceAll(/[%:|]/g, (separator) => ESCAPES[separator] ?? separator)
}

const ESCAPES: Readonly<Record<string, string>> = { '%': '%25', ':': '%3A', '|': '%7C' }

function checkedPrefix(prefix: unknown): string {
  if (typeof prefix === 'string' && prefix.length <= LONGEST_PREFIX) return prefix
  throw invalidOption('prefix', `a string of at most ${LONGEST_PREFIX} characters`, prefix)
}

function checkedAlgorithm(algorithm: unknown): string {
  const isKnown = typeof algorithm === 'string' && getHashes().includes(algorithm)
  if (isKnown && createHash(algorithm).digest().length * 2 >= DIGEST_DIGITS) return algorithm
  throw invalidOption('hashAlgorithm', "a hash of 128 bits or more, such as 'sha256'", algorithm)
}
