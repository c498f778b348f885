// Turns results into elements. Every piece of text is inserted as text, never as HTML. It has its own
// direction, because Arabic and Hebrew read from the right.

/** @returns {Node[]} the elements for the result of a request */
export function renderAnswer({ operation, text }, result) {
  return [...renderers[operation](result), ...(isMostlyLatin(text) ? [] : [quiet(NOT_ENGLISH)])]
}

/** @returns {HTMLElement} the words of a model, with their line breaks */
export function renderWords(text) {
  return words('p', text, 'words')
}

const NOT_ENGLISH = 'The analysis is made for English. Its answers about other texts are rough.'

const renderers = {
  summarize: ({ sentences, sentence_count }) =>
    sentences.length === 0
      ? [nothing('The text has no sentence to summarize.')]
      : [
          ...sentences.map(({ text }) => words('p', text)),
          quiet(
            sentences.length === sentence_count
              ? `The text is no longer than this: ${plural(sentence_count, 'sentence')}.`
              : `${sentences.length} of ${plural(sentence_count, 'sentence')}`,
          ),
        ],

  sentiment: ({ label, score, confidence, sentence_counts, most_positive, most_negative }) => {
    const total = sentence_counts.positive + sentence_counts.neutral + sentence_counts.negative
    if (total === 0) return [nothing('The text has no sentence with a sentiment.')]
    return [
      make('p', `${label} (${score.toFixed(2)})`, 'headline'),
      quiet(`confidence ${percent(confidence)}`),
      sentimentBar(sentence_counts),
      ...(most_positive === null ? [] : [quotation('Most positive', most_positive.text)]),
      ...(most_negative === null ? [] : [quotation('Most negative', most_negative.text)]),
    ]
  },

  key_points: ({ key_points }) =>
    key_points.length === 0
      ? [nothing('The text has no statement that stands out.')]
      : [list('ul', key_points, ({ text }) => [make('p', text)])],

  questions: ({ questions }) =>
    questions.length === 0
      ? [nothing('The text has no plain statement to turn into a question.')]
      : [
          list('ol', questions, ({ question, answer }) => [
            make('p', question),
            quiet(answer ?? 'The whole text answers it.'),
          ]),
        ],

  qa: ({ answerable, answer, confidence, evidence }) =>
    answerable
      ? [
          words('p', answer, 'headline'),
          quiet(`confidence ${percent(confidence)}`),
          ...(evidence === null || evidence.text === answer
            ? []
            : [quotation('Found in', evidence.text)]),
        ]
      : [
          make('p', 'The text does not say.', 'headline'),
          quiet('Ask about something that it mentions, in the words it uses.'),
        ],
}

function make(tag, text, className) {
  const made = document.createElement(tag)
  if (text !== undefined) made.textContent = text
  if (className !== undefined) made.className = className
  return made
}

/** Returns an element for words of the user or of the text. */
function words(tag, text, className) {
  const made = make(tag, text, className)
  made.dir = 'auto'
  return made
}

function quiet(text) {
  return make('p', text, 'quiet')
}

function nothing(text) {
  return make('p', text, 'headline nothing')
}

function list(tag, items, contentOf) {
  const made = make(tag)
  for (const item of items) {
    const entry = make('li')
    entry.dir = 'auto'
    entry.append(...contentOf(item))
    made.append(entry)
  }
  return made
}

function quotation(caption, text) {
  const figure = make('figure')
  figure.append(make('figcaption', caption), words('blockquote', text))
  return figure
}

function sentimentBar(counts) {
  const total = counts.positive + counts.neutral + counts.negative
  const bar = make('div', undefined, 'bar')
  bar.setAttribute('role', 'img')
  bar.setAttribute(
    'aria-label',
    `${counts.positive} positive, ${counts.neutral} neutral, ${counts.negative} negative sentences`,
  )
  for (const label of ['positive', 'neutral', 'negative']) {
    if (counts[label] === 0) continue
    const part = make('span', `${counts[label]} ${label}`, label)
    part.style.flexGrow = String(counts[label] / total)
    bar.append(part)
  }
  return bar
}

function isMostlyLatin(text) {
  const letters = text.slice(0, 2000).match(/\p{L}/gu) ?? []
  const latin = letters.filter((letter) => /\p{Script=Latin}/u.test(letter))
  return latin.length * 2 >= letters.length
}

function percent(share) {
  return `${Math.round(share * 100)} %`
}

function plural(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
