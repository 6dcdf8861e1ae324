/**
 * Debian's package of the program: everything in /opt/Quorum, a link on PATH, an entry for menus and links. It needs no
 * script at installation: Chromium's sandbox has its permission in the archive, and Debian's own triggers see the rest.
 *
 * It is called quorum-desktop, and so is the link: `quorum` is another package of Debian, and an upgrade would put that in
 * the place of ours.
 */
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, globSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execute, root } from '../checks.ts'
import { SetupError } from '../../install.mjs'
import { libraryPackages } from '../system-packages.ts'

const debName = 'quorum-desktop'
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }
/** Beyond what Electron loads when it starts: what our machine code does, the keyring, notifications, opening links. */
const alsoNeeded = ['libgcc-s1', 'libstdc++6', 'libsecret-1-0', 'libnotify4', 'xdg-utils']
const long = `Quorum is an end-to-end encrypted messenger. Messages and files go straight from
computer to computer where the network allows it, and otherwise through a node
that cannot read them. There is no account and no company in between.`

export interface DebSetup {
  /** Where the program is. */
  program: string
  /** A folder for what is needed on the way. */
  work: string
  /** Where the package goes. */
  out: string
  version: string
  description: string
  /** Made of an Electron that no release is made of. */
  unofficial: boolean
}

/** Returns the package's file. Errors: SetupError. */
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
  const terms = 'Of what is in it by others: /opt/Quorum/THIRD-PARTY.txt, LICENSE.electron.txt, LICENSES.chromium.html.'
  mkdirSync(join(share, 'doc', debName), { recursive: true })
  writeFileSync(join(share, 'doc', debName, 'copyright'), `${readFileSync(join(root, 'LICENSE'), 'utf8')}\n${terms}\n`)

  const files = settle(tree)
  const bytes = files.reduce((sum, file) => sum + lstatSync(join(tree, file)).size, 0)
  mkdirSync(join(tree, 'DEBIAN'), { mode: 0o755 })
  const fields = {
    Package: debName,
    // A tilde sorts before the release.
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
      ...long.split('\n'),
      ...(unofficial ? ['.', 'This package is for tests only: nobody verified the Electron in it.'] : []),
    ].join('\n '),
  }
  const control = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`)
  writeFileSync(join(tree, 'DEBIAN', 'control'), control.join(''))
  writeFileSync(join(tree, 'DEBIAN', 'md5sums'), files.map((file) => digestLine(tree, file)).join(''))

  const target = join(out, `${debName}_${fields.Version}_${architecture}.deb`)
  // Nobody waits for a test's package to be small.
  const compression = unofficial ? ['-Zzstd', '-z1'] : ['-Zxz']
  const { ok, output } = await execute('dpkg-deb', ['--root-owner-group', ...compression, '--build', tree, target])
  if (!ok) throw new SetupError(`dpkg-deb did not work: ${output}`)
  return target
}

/** The C library, as new as the newest of its functions that anything here calls. */
function cLibrary(program: string): string {
  const minors = globSync(['quorum', '**/*.{so,node}'], { cwd: program }).flatMap((file) =>
    [...readFileSync(join(program, file), 'latin1').matchAll(/\bGLIBC_2\.(\d+)/gu)].map(([, minor]) => Number(minor)),
  )
  return `libc6 (>= 2.${Math.max(...minors)})`
}

/** Gives everything the permissions that it is installed with, whatever this machine's were. Returns the files. */
function settle(tree: string): string[] {
  const files: string[] = []
  for (const name of globSync('**/*', { cwd: tree })) {
    const file = join(tree, name)
    const status = lstatSync(file)
    if (status.isSymbolicLink()) continue
    if (status.isFile()) files.push(name)
    // Chromium's sandbox, for systems where only root may make one.
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
