/**
 * The page of the window behind `app://quorum/`: serves the files that were built, and pictures among the files of
 * transfers, and nothing else of the disk, with the policy that keeps the page from everything it does not need. The page
 * has no network.
 */
import { readFile } from 'node:fs/promises'
import { globSync } from 'node:fs'
import path from 'node:path'
import type { Session } from 'electron'
import type { PictureFiles } from './image-files.ts'

export const scheme = 'app'
export const pageOrigin = `${scheme}://quorum`
export const pageUrl = `${pageOrigin}/index.html`
/** Below it, pictures are asked for as TRANSFER/FILE. */
const picturePlace = 'picture/'

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  `img-src ${pageOrigin}/${picturePlace}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const kinds: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

/** What every answer says, and a picture nothing else: opened as a page it could do nothing. */
const always = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}
const pictureHeaders = {
  ...always,
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Content-Disposition': 'inline',
  'Cache-Control': 'no-store',
}

/** Serves `folder` and `pictures`; every other address is refused, whatever asks for it. */
export function servePage(session: Session, folder: string, pictures: PictureFiles): void {
  const files = new Set(globSync('**/*.*', { cwd: folder }).map((file) => file.replaceAll('\\', '/')))
  session.protocol.handle(scheme, async ({ url }) => {
    const { origin, host, pathname } = new URL(url)
    const file = pathname.slice(1)
    if (`${scheme}://${host}` === pageOrigin && file.startsWith(picturePlace)) {
      const picture = await pictures.read(file.slice(picturePlace.length))
      // Not an error: that a file is no picture to draw is an answer.
      if (picture === undefined) return new Response(null, { status: 204 })
      return new Response(new Uint8Array(picture.bytes), {
        headers: { ...pictureHeaders, 'Content-Type': picture.type },
      })
    }
    if (`${scheme}://${host}` !== pageOrigin || !files.has(file)) {
      return new Response(`There is no ${origin}`, { status: 404 })
    }
    return new Response(await readFile(path.join(folder, file)), {
      headers: {
        'Content-Type': kinds[path.extname(file)] ?? 'application/octet-stream',
        'Content-Security-Policy': policy,
        ...always,
      },
    })
  })
  session.webRequest.onBeforeRequest(({ url }, answer) => {
    answer({ cancel: !url.startsWith(`${pageOrigin}/`) && !url.startsWith('devtools://') })
  })
}
