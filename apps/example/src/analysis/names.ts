import compromise from 'compromise'

/** Returns the people and places that a sentence names, in their order. */
export function namesIn(sentence: string): { people: string[]; places: string[] } {
  const parsed = compromise(sentence)
  return {
    people: properNames(parsed.people().out('array')),
    places: properNames(parsed.places().out('array')),
  }
}

// compromise returns names with the punctuation around them (`"Jim?"`, `Della's`, `Guam.`), and treats
// words such as "prudence" as first names.
function properNames(found: readonly string[]): string[] {
  return found.map(withoutPunctuation).filter((name) => /^(?:the )?\p{Lu}/u.test(name))
}

function withoutPunctuation(name: string): string {
  return name.replace(/['’]s?\W*$/u, '').replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')
}
