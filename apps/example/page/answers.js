// Turns results into elements. Every piece of text goes in as text, never as HTML.

/** @returns {Node[]} what to show for the result of an operation */
export function renderAnswer(operation, result) {
  return renderers[operation](result)
}

const renderers = {
  summarize: ({ sentences, sentence_count }) => [
    ...sentences.map(({ text }) => make('p', text)),
    quiet(`${sentences.length} of ${sentence_count} sentences`),
  ],

  sentiment: ({ label, score, confidence, sentence_counts, most_positive, most_negative }) => [
    make('p', `${label} (${score.toFixed(2)})`, 'headline'),
    quiet(`confidence ${Math.round(confidence * 100)} %`),
    sentimentBar(sentence_counts),
    ...(most_positive === null ? [] : [quotation('Most positive', most_positive.text)]),
    ...(most_negative === null ? [] : [quotation('Most negative', most_negative.text)]),
  ],

  key_points: ({ key_points }) => [list('ul', key_points, ({ text }) => [text])],

  questions: ({ questions }) => [
    list('ol', questions, ({ question, answer }) =>
      answer === null ? [question] : [question, quiet(answer)],
    ),
  ],

  qa: ({ answerable, answer, confidence, evidence }) =>
    answerable
      ? [
          make('p', answer, 'headline'),
          quiet(`confidence ${Math.round(confidence * 100)} %`),
          ...(evidence.text === answer ? [] : [quotation('Found in', evidence.text)]),
        ]
      : [make('p', 'The text does not say.', 'headline')],
}

function make(tag, text, className) {
  const made = document.createElement(tag)
  if (text !== undefined) made.textContent = text
  if (className !== undefined) made.className = className
  return made
}

function quiet(text) {
  return make('p', text, 'quiet')
}

function list(tag, items, contentOf) {
  const made = make(tag)
  for (const item of items) {
    const entry = make('li')
    entry.append(...contentOf(item))
    made.append(entry)
  }
  return made
}

function quotation(caption, text) {
  const figure = make('figure')
  figure.append(make('figcaption', caption), make('blockquote', text))
  return figure
}

function sentimentBar(counts) {
  const total = Math.max(1, counts.positive + counts.neutral + counts.negative)
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
