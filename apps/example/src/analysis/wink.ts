/* oxlint-disable typescript/unbound-method -- wink's helpers are plain functions that its types
   declare as methods */
import englishModel from 'wink-eng-lite-web-model'
import winkNlp, {
  type ItemToken,
  type PartOfSpeech,
  type TokenItsFunction,
  type WinkMethods,
} from 'wink-nlp'

// The package turns this part into a longer string at every call, until memory ends.
const customEntities = (englishModel['metaCER'] as () => unknown)()
const model = { ...englishModel, metaCER: () => customEntities }

let current = winkNlp(model)
let next: WinkMethods | undefined = current
const { its } = current

/**
 * Replaces the language model by one that has read nothing.
 *
 * A model remembers each word that it reads and splits the next texts accordingly. With one model
 * for all texts, an answer would depend on the texts before it, and the memory would grow.
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

// The types also keep helpers of three parameters out of `out()`.
const toStem: TokenItsFunction<string> = its.stem as never
const toLemma: TokenItsFunction<string> = its.lemma as never

/** What the model knows of a token. */
export interface TokenFacts {
  readonly text: string
  /** White space that comes before it. */
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

/** What an entity is: `DATE`, `TIME`, `DURATION`, `MONEY`, `CARDINAL`, ... */
export function typeOf(item: { out(helper: typeof its.type): string }): string {
  return item.out(its.type)
}
