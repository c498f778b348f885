import type { JsonContent, OpenApiDocument, OpenApiOperation } from './openapi.js'

/** Returns a page that describes the routes of a document. It needs no script, and one style sheet. */
export function openApiPage({ info, servers, paths, components }: OpenApiDocument): string {
  const [base = ''] = servers.map(({ url }) => url)
  const sections = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) =>
      section(method, `${base}${path}`, operation),
    ),
  )
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escaped(info.title)}</title>
    <link rel="icon" href="../../icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="../../api-page.css" />
  </head>
  <body>
    <header>
      <h1>${escaped(info.title)}</h1>
      <p>
        Version ${escaped(info.version)}. Routes with a key need the header
        <code>authorization: Bearer &lt;API_KEY&gt;</code>.
        <a href="openapi.json">The same as OpenAPI, in JSON</a>
      </p>
    </header>
    <main>
${sections.join('\n')}
      <section id="errors" aria-labelledby="errors-title">
        <h2 id="errors-title">Failures</h2>
        ${schemaOf(components.schemas['Error'])}
      </section>
    </main>
  </body>
</html>
`
}

function section(method: string, address: string, operation: OpenApiOperation): string {
  const { operationId, summary, security, requestBody, responses } = operation
  const id = escaped(operationId)
  const statuses = Object.keys(responses).filter((status) => status !== '200')
  return `      <section aria-labelledby="${id}">
        <h2 id="${id}">
          <span class="method">${escaped(method.toUpperCase())}</span>
          <code>${escaped(address)}</code>
        </h2>
        <p>${escaped(summary)}.${security === undefined ? '' : ' <strong>Needs the API key.</strong>'}</p>
        ${requestBody === undefined ? '' : `<h3>Body</h3>\n        ${schemaOf(schemaIn(requestBody))}`}
        <h3>Answer</h3>
        ${schemaOf(schemaIn(responses['200']))}
        <p>Statuses of <a href="#errors">failures</a>: ${statuses.join(', ')}.</p>
      </section>`
}

function schemaIn(described: JsonContent | undefined): unknown {
  return described?.content['application/json'].schema
}

/** Returns a list of the fields of a JSON schema. */
function schemaOf(schema: unknown): string {
  const { properties, required = [] } = Object(schema) as Schema
  if (properties === undefined) return '<p>A JSON object.</p>'
  const fields = Object.entries(properties).map(([name, field]) => {
    const { description } = field
    const isRequired = required.includes(name)
    return `<li>
            <code>${escaped(name)}</code> ${escaped(typeOf(field))}${isRequired ? '' : ', optional'}.
            ${description === undefined ? '' : escaped(description)}
            ${nested(field)}
          </li>`
  })
  return `<ul>
          ${fields.join('\n          ')}
        </ul>`
}

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly items?: Schema
  readonly description?: string
  readonly minimum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

function nested(field: Schema): string {
  const inner = field.items ?? field
  return inner.properties === undefined ? '' : schemaOf(inner)
}

function typeOf({ type = 'any', enum: choices, items, ...limits }: Schema): string {
  const { minimum, minLength, maxLength } = limits
  if (choices !== undefined) return `one of ${choices.map(String).join(', ')}`
  if (items !== undefined) return `list of ${typeOf(items)}`
  const rules = [
    minimum === undefined ? '' : `from ${minimum}`,
    minLength === undefined ? '' : `at least ${minLength} character${minLength === 1 ? '' : 's'}`,
    maxLength === undefined ? '' : `at most ${maxLength} characters`,
    limits.default === undefined ? '' : `default ${JSON.stringify(limits.default)}`,
  ].filter((rule) => rule !== '')
  return [type, ...rules].join(', ')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
}
