/**
 * `npm run dist`: makes the program that people install. A release contains only the official Electron, which npm's
 * package has verified. With --unofficial any other Electron is accepted, and the result is marked as not for release.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { root } from './checks.ts'
import { official, provideElectron } from '../electron.mjs'
import { SetupError } from '../install.mjs'
import { pack } from './package/app.ts'
import { makeDeb } from './package/deb.ts'
import { stage } from './package/stage.ts'
import { onPath } from './system-packages.ts'

const help = `Usage: npm run dist [-- [--unofficial] [--out FOLDER]]

Makes the program that people install, for the operating system and processor of this machine:
  Linux     a folder that runs in place, and a Debian package (needs dpkg-deb)
  macOS     a disk image and a zip; signed if the signing identity is in the keychain
  Windows   an installer

  --out FOLDER   the folder of the result; default: release/ in the checkout
  --unofficial   accept any Electron: the one of QUORUM_ELECTRON, or the repack for tests.
                 The result is marked as not for release. Use it only to try out.

Examples:
  npm run dist                    a release, with the official Electron
  npm run dist -- --unofficial    a build to try out, where the official Electron cannot be downloaded
`

const manifest = z.object({ version: z.string(), description: z.string() })

try {
  const { values } = parseArgs({
    options: { help: { type: 'boolean' }, unofficial: { type: 'boolean' }, out: { type: 'string' } },
  })
  if (values.help === true) process.stdout.write(help)
  else await make(resolve(values.out ?? join(root, 'release')), values.unofficial === true)
} catch (error) {
  const usage = error instanceof TypeError && 'code' in error
  if (!usage && !(error instanceof SetupError)) throw error
  process.stderr.write(`${error.message}\n${usage ? 'For the options: npm run dist -- --help\n' : ''}`)
  process.exitCode = usage ? 2 : 1
}

async function make(out: string, unofficial: boolean): Promise<void> {
  const electron = await provideElectron(root)
  if (electron !== official(root) && !unofficial) {
    throw new SetupError(
      `No release is made of this Electron, which nobody verified: ${electron}\n` +
        "Let npm's package download the official one (unset QUORUM_ELECTRON, and be online), " +
        'or make a build to try out: npm run dist -- --unofficial',
    )
  }
  const { version: released, description } = manifest.parse(
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')),
  )
  const version = unofficial ? `${released}-unofficial` : released
  mkdirSync(out, { recursive: true })
  const work = mkdtempSync(join(out, '.making-'))
  try {
    say(`Building Quorum ${version}.`)
    const staged = await stage(work, version)
    say('Packing it with Electron.')
    const program = await pack(staged, { work, out, electron })
    if (process.platform !== 'linux') return say(`Done. It is in ${out}.`)
    if (unofficial)
      writeFileSync(join(program, 'NOT-FOR-RELEASE.txt'), 'The Electron in this folder is not verified.\n')
    say(`${join(program, 'quorum')} runs in place.`)
    if (!onPath('dpkg-deb')) return say('No Debian package is made: dpkg-deb is not installed.')
    say('Making the Debian package.')
    const deb = await makeDeb({ program, work, out, version, description, unofficial })
    say(`Done. To install it: sudo apt install ${deb}`)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
