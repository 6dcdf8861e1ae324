/**
 * Serves the page of the window at `app://quorum/`: the built files and images (image-files.ts), nothing else of
 * the disk. Passes on what a person gave to the page (given-files.ts). The Content-Security-Policy
 * withholds from the page everything that it does not need. Requests to the network are cancelled.
 */
import { readFile } from 'node:fs/promises'
import { globSync } from 'node:fs'
import path from 'node:path'
import type { Session } from 'electron'
import { givenPath } from '../ipc/contract.ts'
import type { ImageFiles } from './image-files.ts'

export const scheme = 'app'
export const pageOrigin = `${scheme}://quorum`
export const pageUrl = `${pageOrigin}/index.html`
/** The preload script submits files below this address. */
export const givenUrl = `${pageOrigin}${givenPath}`
/** The page loads an image as `/picture/TRANSFER/FILE` or `/picture/staged/ID`. */
const imagePath = 'picture/'

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  `img-src ${pageOrigin}/${imagePath}`,
  "base-uri 'none'",
  `form-action ${givenUrl}`,
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

/** Headers of every response. */
const commonHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}
/** Its policy makes an image harmless that is opened as a page. */
const imageHeaders = {
  ...commonHeaders,
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Content-Disposition': 'inline',
  'Cache-Control': 'no-store',
}

/** A request as Electron reports it before it is carried out. */
export interface PageRequest {
  url: string
  method: string
  /** `file`: a path. Electron leaves the list out if the request has no body. */
  uploadData?: { bytes?: unknown; file?: string }[] | undefined
}

/** Serves `folder` and `images`; every other address is refused. `redirected`: where a request goes instead. */
export function servePage(
  session: Session,
  folder: string,
  images: ImageFiles,
  redirected: (request: PageRequest) => string | undefined,
): void {
  const files = new Set(globSync('**/*.*', { cwd: folder }).map((file) => file.replaceAll('\\', '/')))
  session.protocol.handle(scheme, async ({ url }) => {
    const { origin, host, pathname } = new URL(url)
    const file = pathname.slice(1)
    if (`${scheme}://${host}` === pageOrigin && file.startsWith(imagePath)) {
      const image = await images.read(file.slice(imagePath.length))
      // Not an error: the page asks in order to learn whether a file is an image.
      if (image === undefined) return new Response(null, { status: 204 })
      return new Response(new Uint8Array(image.bytes), {
        headers: { ...imageHeaders, 'Content-Type': image.type },
      })
    }
    // No answer: the page that submitted the form stays.
    if (url.startsWith(givenUrl)) return new Response(null, { status: 204 })
    if (`${scheme}://${host}` !== pageOrigin || !files.has(file)) {
      return new Response(`There is no ${origin}`, { status: 404 })
    }
    return new Response(await readFile(path.join(folder, file)), {
      headers: {
        'Content-Type': contentTypes[path.extname(file)] ?? 'application/octet-stream',
        'Content-Security-Policy': policy,
        ...commonHeaders,
      },
    })
  })
  session.webRequest.onBeforeRequest((details, answer) => {
    const { url } = details
    const redirectURL = redirected(details)
    if (redirectURL !== undefined) answer({ redirectURL })
    else answer({ cancel: !url.startsWith(`${pageOrigin}/`) && !url.startsWith('devtools://') })
  })
}
