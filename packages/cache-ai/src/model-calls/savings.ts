import { assertKnownFields, invalidOption, isPlainObject } from '@verbatim/cache-core/implement'
import type { CachedCall } from './call-control.js'
import type { TokenUsage } from './model-answer.js'

/** Prices of a model for a million tokens. */
export interface ModelPrice {
  /** Tokens of the prompt that the provider has not cached. */
  readonly input: number
  /** Tokens of the prompt from the prompt cache of the provider. Default: `input`. */
  readonly cacheRead?: number | undefined
  /** Tokens of the prompt that the provider adds to its cache. Default: `input`. */
  readonly cacheWrite?: number | undefined
  readonly output: number
}

/** Prices of models, from their provider. */
export interface PriceTable {
  /** The day of the prices, such as `'2026-11-01'`. */
  readonly asOf: string
  /** The currency, such as `'USD'`. */
  readonly currency: string
  /** Prices by the name of the model, as calls name it. */
  readonly models: Readonly<Record<string, ModelPrice>>
}

/** Tokens by the price that the provider asks for them. */
export interface SavedTokens {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
}

/** Amounts that the cache has saved. */
export interface SavedAmounts {
  /** Calls that were served without a call of the model. */
  readonly calls: number
  /** Calls among them whose tokens are known. */
  readonly countedCalls: number
  readonly tokens: SavedTokens
  /** Durations of the calls that were avoided, in milliseconds. A call that joined a running one saves no time. */
  readonly timeMs: number
  /** Calls among them whose tokens and price are known. */
  readonly pricedCalls: number
  /** The price of the tokens of those calls; absent without a price table. */
  readonly cost?: number
}

/** Amounts that the cache has saved for one operation, tenant, provider and model. */
export interface SavingsRow extends SavedAmounts {
  readonly operation: string
  readonly tenant: string
  readonly provider: string
  readonly model: string
}

/** Amounts that the cache has saved since its adapter was created. */
export interface Savings extends SavedAmounts {
  readonly currency?: string
  /** The day of the price table. */
  readonly pricesAsOf?: string
  /** The first 100 combinations; the others share a row of the name `other`. */
  readonly rows: readonly SavingsRow[]
}

const MAX_ROWS = 100
const OTHER = 'other'
const TOKENS_PER_PRICE = 1_000_000

type Labels = Pick<SavingsRow, 'operation' | 'tenant' | 'provider' | 'model'>
type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }
type Row = Labels & {
  amounts: Mutable<Omit<SavedAmounts, 'tokens' | 'cost'>> & { cost: number }
  tokens: Mutable<SavedTokens>
}

/** Adds up what the cache saves. */
export class SavingsLedger {
  readonly #prices: PriceTable | undefined
  readonly #rows = new Map<string, Row>()

  constructor(prices: PriceTable | undefined) {
    this.#prices = prices
  }

  /**
   * Adds a call that was served without the model.
   *
   * @param usage - the tokens of the call that the model had answered; `undefined` if they are unknown
   * @param timeMs - the duration of that call
   */
  add({ document, plan }: CachedCall, usage: TokenUsage | undefined, timeMs: number): void {
    const { amounts, tokens, model } = this.#row({
      operation: plan.operation,
      tenant: typeof document.tenant === 'string' ? document.tenant : 'shared',
      provider: providerNameOf(document.provider),
      model: document.model,
    })
    amounts.calls++
    amounts.timeMs += timeMs
    const saved = tokensOf(usage)
    if (saved === undefined) return
    amounts.countedCalls++
    for (const name of TOKEN_CLASSES) tokens[name] += saved[name]
    const price = this.#priceOf(model === OTHER ? document.model : model)
    if (price === undefined) return
    amounts.pricedCalls++
    amounts.cost += costOf(saved, price)
  }

  snapshot(): Savings {
    const rows: SavingsRow[] = []
    for (const { amounts, tokens, ...labels } of this.#rows.values()) {
      const { cost, ...counts } = amounts
      const priced = this.#prices === undefined ? {} : { cost }
      rows.push({ ...labels, ...counts, tokens: { ...tokens }, ...priced })
    }
    const sum = (read: (row: SavingsRow) => number): number =>
      rows.reduce((total, row) => total + read(row), 0)
    const sumOf = (name: keyof SavedTokens): number => sum(({ tokens }) => tokens[name])
    return {
      calls: sum(({ calls }) => calls),
      countedCalls: sum(({ countedCalls }) => countedCalls),
      pricedCalls: sum(({ pricedCalls }) => pricedCalls),
      timeMs: sum(({ timeMs }) => timeMs),
      tokens: {
        input: sumOf('input'),
        cacheRead: sumOf('cacheRead'),
        cacheWrite: sumOf('cacheWrite'),
        output: sumOf('output'),
      },
      ...(this.#prices !== undefined && {
        cost: sum(({ cost }) => cost ?? 0),
        currency: this.#prices.currency,
        pricesAsOf: this.#prices.asOf,
      }),
      rows,
    }
  }

  #row(labels: Labels): Row {
    const id = idOf(labels)
    const known = this.#rows.get(id)
    if (known !== undefined) return known
    const isFull = this.#rows.size >= MAX_ROWS
    const { operation, tenant, provider, model } = isFull ? OTHERS : labels
    const row = this.#rows.get(isFull ? OTHERS_ID : id) ?? {
      ...{ operation, tenant, provider, model },
      amounts: { calls: 0, countedCalls: 0, pricedCalls: 0, timeMs: 0, cost: 0 },
      tokens: { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 },
    }
    this.#rows.set(isFull ? OTHERS_ID : id, row)
    return row
  }

  #priceOf(model: string): ModelPrice | undefined {
    const { models = {} } = this.#prices ?? {}
    return Object.hasOwn(models, model) ? models[model] : undefined
  }
}

/** Returns the name of a provider: the host of an address, because statistics contain no whole address. */
function providerNameOf(provider: string): string {
  return URL.canParse(provider) ? new URL(provider).host || provider : provider
}

const OTHERS: Labels = { operation: OTHER, tenant: OTHER, provider: OTHER, model: OTHER }
const OTHERS_ID = idOf(OTHERS)

function idOf({ operation, tenant, provider, model }: Labels): string {
  return JSON.stringify([operation, tenant, provider, model])
}

export const TOKEN_CLASSES = ['input', 'cacheRead', 'cacheWrite', 'output'] as const

/** Returns tokens by price, or `undefined` if the provider reported none. */
function tokensOf(usage: TokenUsage | undefined): SavedTokens | undefined {
  if (usage === undefined) return undefined
  const { total, noCache, cacheRead = 0, cacheWrite = 0 } = usage.inputTokens
  const output = usage.outputTokens.total ?? 0
  const input = noCache ?? Math.max(0, (total ?? 0) - cacheRead - cacheWrite)
  const tokens = { input, cacheRead, cacheWrite, output }
  const areKnown = Object.values(tokens).every((count) => Number.isFinite(count) && count >= 0)
  return areKnown && input + cacheRead + cacheWrite + output > 0 ? tokens : undefined
}

/** Returns the price of tokens: each class at its own price, and prices are for a million tokens. */
function costOf({ input, cacheRead, cacheWrite, output }: SavedTokens, price: ModelPrice): number {
  const sum =
    input * price.input +
    cacheRead * (price.cacheRead ?? price.input) +
    cacheWrite * (price.cacheWrite ?? price.input) +
    output * price.output
  return sum / TOKENS_PER_PRICE
}

const TABLE_FIELDS: ReadonlySet<string> = new Set<keyof PriceTable>(['asOf', 'currency', 'models'])
const PRICE_FIELDS: ReadonlySet<string> = new Set<keyof ModelPrice>([
  ...(['input', 'cacheRead', 'cacheWrite', 'output'] as const),
])

/**
 * Returns a copy of a price table.
 *
 * @throws ConfigurationError or ValidationError that names the field and its rule
 */
export function checkedPrices(prices: unknown): PriceTable | undefined {
  if (prices === undefined) return undefined
  assertKnownFields(prices, TABLE_FIELDS, 'prices')
  const { asOf, currency, models } = prices as PriceTable
  const isDay = typeof asOf === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(asOf)
  if (!isDay || Number.isNaN(Date.parse(asOf)))
    throw invalidOption('prices.asOf', "a day such as '2026-11-01'", asOf)
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency))
    throw invalidOption('prices.currency', "a currency such as 'USD'", currency)
  if (!isPlainObject(models)) throw invalidOption('prices.models', 'an object', models)
  for (const [name, price] of Object.entries(models)) {
    const place = `prices.models[${JSON.stringify(name)}]`
    assertKnownFields(price, PRICE_FIELDS, place)
    const { input, output, ...others } = price
    for (const [field, value] of Object.entries({ input, output, ...others })) {
      const isPrice = typeof value === 'number' && Number.isFinite(value) && value >= 0
      const isAbsent = value === undefined && field in others
      if (!isPrice && !isAbsent)
        throw invalidOption(`${place}.${field}`, 'a number of at least 0', value)
    }
  }
  return structuredClone({ asOf, currency, models }) as PriceTable
}
