/* oxlint-disable typescript/unbound-method -- wink's helpers are plain functions that its types
   declare as methods */
import englishModel from 'wink-eng-lite-web-model'
import winkNlp, {
  type ItemToken,
  type PartOfSpeech,
  type TokenItsFunction,
  type WinkMethods,
} from 'wink-nlp'

// Built when this module is imported, so that start-up pays for the model and no request does.
export const wink: WinkMethods = winkNlp(englishModel)

// The types also keep helpers of three parameters out of `out()`.
const toStem: TokenItsFunction<string> = wink.its.stem as never
const toLemma: TokenItsFunction<string> = wink.its.lemma as never

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
    before: item.out(wink.its.precedingSpaces),
    partOfSpeech: item.out(wink.its.pos) as PartOfSpeech,
    stem: item.out(toStem),
    lemma: item.out(toLemma).toLowerCase(),
    isStopWord: Boolean(item.out(wink.its.stopWordFlag)),
  }
}

/** What an entity is: `DATE`, `TIME`, `DURATION`, `MONEY`, `CARDINAL`, ... */
export function typeOf(item: { out(helper: typeof wink.its.type): string }): string {
  return item.out(wink.its.type)
}
