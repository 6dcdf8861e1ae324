/**
 * The page of the window behind `app://quorum/`: serves the files that were built, and nothing else of the disk, with the
 * policy that keeps the page from everything it does not need. The page has no network.
 */
import { readFile } from 'node:fs/promises'
import { globSync } from 'node:fs'
import path from 'node:path'
import type { Session } from 'electron'

export const scheme = 'app'
export const pageOrigin = `${scheme}://quorum`
export const pageUrl = `${pageOrigin}/index.html`

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
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

/** Serves `folder`; every other address is refused, whatever asks for it. */
export function servePage(session: Session, folder: string): void {
  const files = new Set(globSync('**/*.*', { cwd: folder }).map((file) => file.replaceAll('\\', '/')))
  session.protocol.handle(scheme, async ({ url }) => {
    const { origin, host, pathname } = new URL(url)
    const file = pathname.slice(1)
    if (`${scheme}://${host}` !== pageOrigin || !files.has(file)) {
      return new Response(`There is no ${origin}`, { status: 404 })
    }
    return new Response(await readFile(path.join(folder, file)), {
      headers: {
        'Content-Type': kinds[path.extname(file)] ?? 'application/octet-stream',
        'Content-Security-Policy': policy,
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Resource-Policy': 'same-origin',
      },
    })
  })
  session.webRequest.onBeforeRequest(({ url }, answer) => {
    answer({ cancel: !url.startsWith(`${pageOrigin}/`) && !url.startsWith('devtools://') })
  })
}
