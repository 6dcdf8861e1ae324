/**
 * Makes the Debian package of the program: the program in /opt/Quorum, a link on PATH, and a desktop entry for menus
 * and `quorum:` links. The package needs no installation script: the archive contains the setuid bit of Chromium's
 * sandbox, and Debian's own triggers update the caches for menus and icons.
 *
 * The package and the link are called quorum-desktop, because Debian has another package `quorum`, and an upgrade would
 * replace this one with it.
 */
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, globSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execute, root } from '../checks.ts'
import { SetupError } from '../../install.mjs'
import { libraryPackages } from '../system-packages.ts'

const debName = 'quorum-desktop'
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }
/** Needed besides Electron's libraries: by our native modules, and for the keyring, notifications and opening links. */
const alsoNeeded = ['libgcc-s1', 'libstdc++6', 'libsecret-1-0', 'libnotify4', 'xdg-utils']
const longDescription = `Quorum is an end-to-end encrypted messenger. Messages and files go straight from
computer to computer where the network allows it, and otherwise through a node
that cannot read them. There is no account and no company in between.`

export interface DebSetup {
  /** The folder of the program. */
  program: string
  /** A folder for temporary files. */
  work: string
  /** The folder in which the package is made. */
  out: string
  version: string
  description: string
  /** The program contains an Electron that is not verified: the package is marked as not for release. */
  unofficial: boolean
}

/** Returns the path of the package. Errors: SetupError. */
export async function makeDeb({ program, work, out, version, description, unofficial }: DebSetup): Promise<string> {
  const architecture = architectures[process.arch]
  if (architecture === undefined) throw new SetupError(`There is no Debian package for ${process.arch}`)
  const tree = join(work, 'deb')
  const share = join(tree, 'usr', 'share')
  const icons = join(root, 'desktop', 'icons')
  cpSync(program, join(tree, 'opt', 'Quorum'), { recursive: true })
  mkdirSync(join(tree, 'usr', 'bin'), { recursive: true })
  symlinkSync('../../opt/Quorum/quorum', join(tree, 'usr', 'bin', debName))
  cpSync(join(import.meta.dirname, `${debName}.desktop`), join(share, 'applications', `${debName}.desktop`))
  cpSync(join(icons, 'icon.png'), join(share, 'icons/hicolor/512x512/apps', `${debName}.png`))
  cpSync(join(icons, 'icon.svg'), join(share, 'icons/hicolor/scalable/apps', `${debName}.svg`))
  const terms =
    'Licences of included software: THIRD-PARTY.txt, LICENSE.electron.txt, LICENSES.chromium.html in /opt/Quorum.'
  mkdirSync(join(share, 'doc', debName), { recursive: true })
  writeFileSync(join(share, 'doc', debName, 'copyright'), `${readFileSync(join(root, 'LICENSE'), 'utf8')}\n${terms}\n`)

  const files = setModes(tree)
  const bytes = files.reduce((sum, file) => sum + lstatSync(join(tree, file)).size, 0)
  mkdirSync(join(tree, 'DEBIAN'), { mode: 0o755 })
  const fields = {
    Package: debName,
    // In Debian's order, a version with a tilde is older than the release.
    Version: version.replace('-', '~'),
    Architecture: architecture,
    Maintainer: 'Quorum contributors <contributors@quorum.invalid>',
    'Installed-Size': Math.ceil(bytes / 1024),
    Depends: [cLibrary(program), ...alsoNeeded, ...libraryPackages].join(', '),
    Recommends: 'fonts-noto-color-emoji',
    Section: 'net',
    Priority: 'optional',
    Description: [
      `${unofficial ? 'NOT FOR RELEASE. ' : ''}${description.split('. ')[0]}`,
      ...longDescription.split('\n'),
      ...(unofficial ? ['.', 'This package is for tests only: the Electron in it is not verified.'] : []),
    ].join('\n '),
  }
  const control = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`)
  writeFileSync(join(tree, 'DEBIAN', 'control'), control.join(''))
  writeFileSync(join(tree, 'DEBIAN', 'md5sums'), files.map((file) => digestLine(tree, file)).join(''))

  const target = join(out, `${debName}_${fields.Version}_${architecture}.deb`)
  // The package of a test need not be small, so it is compressed fast.
  const compression = unofficial ? ['-Zzstd', '-z1'] : ['-Zxz']
  const { ok, output } = await execute('dpkg-deb', ['--root-owner-group', ...compression, '--build', tree, target])
  if (!ok) throw new SetupError(`dpkg-deb failed: ${output}`)
  return target
}

/** The dependency on the C library, in the newest version that a binary of the program needs. */
function cLibrary(program: string): string {
  const minors = globSync(['quorum', '**/*.{so,node}'], { cwd: program }).flatMap((file) =>
    [...readFileSync(join(program, file), 'latin1').matchAll(/\bGLIBC_2\.(\d+)/gu)].map(([, minor]) => Number(minor)),
  )
  return `libc6 (>= 2.${Math.max(...minors)})`
}

/** Sets the modes that files and folders are installed with, independent of this machine's umask. Returns the files. */
function setModes(tree: string): string[] {
  const files: string[] = []
  for (const name of globSync('**/*', { cwd: tree })) {
    const file = join(tree, name)
    const status = lstatSync(file)
    if (status.isSymbolicLink()) continue
    if (status.isFile()) files.push(name)
    // Setuid root, for systems on which only root may build Chromium's sandbox.
    if (name.endsWith('/chrome-sandbox')) chmodSync(file, 0o4755)
    else chmodSync(file, status.isDirectory() || (status.mode & 0o111) !== 0 ? 0o755 : 0o644)
  }
  return files.toSorted()
}

function digestLine(tree: string, file: string): string {
  return `${createHash('md5')
    .update(readFileSync(join(tree, file)))
    .digest('hex')}  ${file}\n`
}
