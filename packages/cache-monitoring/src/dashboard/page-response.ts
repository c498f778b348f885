import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { PAGE_FILES } from './page-files.js'
import { RouteError, wrongMethod } from './route-error.js'

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

interface CompressedFile {
  readonly body: Uint8Array<ArrayBuffer>
  readonly entityTag: string
}

const compressed = new Map<string, CompressedFile>()

/**
 * Returns a file of the page, compressed if the client accepts it.
 *
 * @throws RouteError for an unknown path or another method
 */
export function pageResponse(path: string, request: Request): Response {
  const name = path === '' ? 'index.html' : path
  const text = Object.hasOwn(PAGE_FILES, name) ? PAGE_FILES[name] : undefined
  if (text === undefined) throw new RouteError(404, 'NOT_FOUND', 'there is nothing at this address')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw wrongMethod('GET')
  }
  const { body, entityTag } = compressedFile(name, text)
  const headers = new Headers({
    'content-type': TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
    // The names of the files stay, so the browser asks each time, and gets an empty answer.
    'cache-control': 'no-cache',
    etag: entityTag,
    vary: 'accept-encoding',
  })
  if (request.headers.get('if-none-match') === entityTag) {
    return new Response(null, { status: 304, headers })
  }
  if (!/\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')) {
    return new Response(text, { headers })
  }
  headers.set('content-encoding', 'gzip')
  return new Response(body, { headers })
}

/** Compresses a file once. */
function compressedFile(name: string, text: string): CompressedFile {
  const known = compressed.get(name)
  if (known !== undefined) return known
  const entityTag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
  const file = { body: new Uint8Array(gzipSync(text, { level: 9 })), entityTag }
  compressed.set(name, file)
  return file
}
