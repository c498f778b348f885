/* oxlint-disable typescript/unbound-method -- wink's helpers are plain functions that its types
   declare as methods */
import englishModel from 'wink-eng-lite-web-model'
import winkNlp, {
  type ItemToken,
  type PartOfSpeech,
  type TokenItsFunction,
  type WinkMethods,
} from 'wink-nlp'

// The package makes this part a longer string at every call, until memory is full.
const customEntities = (englishModel['metaCER'] as () => unknown)()
const model = { ...englishModel, metaCER: () => customEntities }

let current = winkNlp(model)
let next: WinkMethods | undefined = current
const { its } = current

/**
 * Replaces the language model by a new one.
 *
 * A model remembers every word that it reads, and splits later texts accordingly. With one model for all
 * texts, a result would depend on earlier texts, and memory would grow.
 */
export function startText(): void {
  current = next ?? winkNlp(model)
  next = undefined
}

/** Loads the model for the next text in advance, which takes about 60 ms. */
export function prepareNextText(): void {
  next ??= winkNlp(model)
}

/** Reads a piece of the text that began with {@link startText}. */
export function readText(text: string): ReturnType<WinkMethods['readDoc']> {
  return current.readDoc(text)
}

// The types of the package also exclude helpers with three parameters from `out()`.
const toStem: TokenItsFunction<string> = its.stem as never
const toLemma: TokenItsFunction<string> = its.lemma as never

/** The facts that the model has about a token. */
export interface TokenFacts {
  readonly text: string
  /** The white space before the token. */
  readonly before: string
  readonly partOfSpeech: PartOfSpeech
  readonly stem: string
  readonly lemma: string
  readonly isStopWord: boolean
}

export function factsOf(item: ItemToken): TokenFacts {
  return {
    text: item.out(),
    before: item.out(its.precedingSpaces),
    partOfSpeech: item.out(its.pos) as PartOfSpeech,
    stem: item.out(toStem),
    lemma: item.out(toLemma).toLowerCase(),
    isStopWord: Boolean(item.out(its.stopWordFlag)),
  }
}

/** Returns the type of an entity, such as `DATE`, `TIME`, `DURATION`, `MONEY` or `CARDINAL`. */
export function typeOf(item: { out(helper: typeof its.type): string }): string {
  return item.out(its.type)
}
