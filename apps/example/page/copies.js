// Copies the request of the shown answer as a command or a program.

const element = (id) => document.getElementById(id)

/**
 * Lets the buttons copy the request.
 *
 * @param {() => Promise<{ address: string, body: object }>} currentRequest
 */
export function offerCopies(currentRequest) {
  for (const [id, render] of Object.entries({
    'copy-curl': curlOf,
    'copy-typescript': typescriptOf,
  })) {
    element(id).addEventListener('click', () => void copy(currentRequest, render))
  }
}

async function copy(currentRequest, render) {
  const { address, body } = await currentRequest()
  const snippet = render(new URL(address, document.baseURI).href, body)
  element('snippet').textContent = snippet
  element('snippet').hidden = false
  element('copied').textContent = await navigator.clipboard.writeText(snippet).then(
    () => 'Copied.',
    () => 'The browser does not permit copying. The request is below.',
  )
}

export function curlOf(url, body) {
  // A quotation mark ends the quoted part of the command, so it is put outside.
  const json = JSON.stringify(body).replaceAll("'", `'\\''`)
  return `curl -s '${url}' -H 'content-type: application/json' --data-raw '${json}'`
}

function typescriptOf(url, body) {
  const isStream = url.endsWith('/stream')
  const answer = isStream
    ? [
        `console.log(response.headers.get('x-cache'))`,
        `for await (const words of response.body!.pipeThrough(new TextDecoderStream())) process.stdout.write(words)`,
      ]
    : [`const { result, cache } = await response.json()`, `console.log(cache.status, result)`]
  return [
    `const response = await fetch(${JSON.stringify(url)}, {`,
    `  method: 'POST',`,
    `  headers: { 'content-type': 'application/json' },`,
    `  body: JSON.stringify(${JSON.stringify(body, null, 2).replaceAll('\n', '\n  ')}),`,
    `})`,
    ...answer,
  ].join('\n')
}
