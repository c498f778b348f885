/**
 * Returns a value of about 1.2 kB as JSON, as services cache it.
 *
 * @param {number} seed different for each value
 */
export function makeValue(seed) {
  return {
    id: `article-${seed}`,
    title: `The ${seed}th thing that happened this week`,
    published: 1_763_000_000_000 + seed,
    draft: seed % 7 === 0,
    author: { id: seed % 97, name: 'Ada Lovelace', roles: ['author', 'editor'], manager: null },
    scores: Array.from({ length: 20 }, (_, index) => (seed * 31 + index * 17) % 1_000),
    paragraphs: Array.from({ length: 7 }, (_, index) => ({
      heading: `Part ${index}`,
      words: 80 + ((seed + index) % 40),
      text: 'What is written here is as long as an ordinary sentence of an article, more or less.',
    })),
  }
}
