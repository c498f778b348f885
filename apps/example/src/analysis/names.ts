import compromise from 'compromise'

/** People and places that a sentence names, in the order they appear. */
export function namesIn(sentence: string): { people: string[]; places: string[] } {
  const parsed = compromise(sentence)
  return {
    people: properNames(parsed.people().out('array')),
    places: properNames(parsed.places().out('array')),
  }
}

// compromise answers with the punctuation around a name (`"Jim?"`, `Della's`, `Guam.`), and takes
// words such as "prudence" for first names.
function properNames(found: readonly string[]): string[] {
  return found.map(withoutPunctuation).filter((name) => /^(?:the )?\p{Lu}/u.test(name))
}

function withoutPunctuation(name: string): string {
  return name.replace(/['’]s?\W*$/u, '').replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')
}
