/**
 * Finds a profile's folder, its passphrase, and the folder for downloads. It reads no store and creates no folder.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { readBounded } from '#bounded-file'
import { QuorumError, toError } from '#protocol'

/** Bytes of a file with a passphrase. */
const longestPassphrase = 65_536

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The path that was typed after an option, absolute. A shell leaves `~` where it is in `--profile=~/bob`, and in
 * quotes: it is the home folder there, too.
 */
export function typedPath(text: string, home: string, cwd = process.cwd()): string {
  return path.resolve(cwd, /^~(?=[/\\]|$)/u.test(text) ? path.join(home, text.slice(1)) : text)
}

/**
 * The folder of a profile. A name is a folder below the data folder of this system; anything with a separator is a
 * path. Errors: `bad-request` for a text that is neither, and for a name where the system says no home folder: the
 * profile would be in the folder from which Quorum was started.
 */
export function profileFolder(profile: string, env: Environment, platform: NodeJS.Platform, home: string): string {
  if (/[/\\]/u.test(profile) || profile === '~') return typedPath(profile, home)
  if (!/^[\w-][\w. -]{0,63}$/u.test(profile)) {
    throw new QuorumError('bad-request', 'A profile is a short name (letters, digits, - _ .) or a path with a /')
  }
  const folder = path.join(dataFolder(env, platform, home), 'profiles', profile)
  if (!(platform === 'win32' ? path.win32 : path.posix).isAbsolute(folder)) {
    throw new QuorumError('bad-request', 'HOME is no absolute path: give --profile as a path with a /')
  }
  return folder
}

function dataFolder(env: Environment, platform: NodeJS.Platform, home: string): string {
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Quorum')
  if (platform === 'win32') return path.join(env['APPDATA'] ?? path.join(home, 'AppData', 'Roaming'), 'Quorum')
  const base = env['XDG_DATA_HOME']
  // The XDG Base Directory Specification: a relative path must be ignored.
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(home, '.local', 'share'), 'quorum')
}

/**
 * The folder for accepted files: the one given, otherwise the person's own folder for downloads. `read` returns the
 * text of a file, or undefined if there is none.
 */
export function downloadsFolder(
  given: string | undefined,
  env: Environment,
  platform: NodeJS.Platform,
  home: string,
  read: (file: string) => string | undefined = textOf,
): string {
  if (given !== undefined) return typedPath(given, home)
  return (platform === 'linux' ? userDownloads(env, home, read) : undefined) ?? path.join(home, 'Downloads')
}

/**
 * The folder named in user-dirs.dirs(5): a line of shell, with an absolute path or one below $HOME. If it is $HOME
 * itself, there is no folder for downloads.
 */
function userDownloads(env: Environment, home: string, read: (file: string) => string | undefined): string | undefined {
  const base = env['XDG_CONFIG_HOME']
  const config = base !== undefined && path.isAbsolute(base) ? base : path.join(home, '.config')
  const line = /^[ \t]*XDG_DOWNLOAD_DIR[ \t]*=[ \t]*"((?:[^"\\\n]|\\.)*)"/mu
  const [, value] = line.exec(read(path.join(config, 'user-dirs.dirs')) ?? '') ?? []
  if (value === undefined) return undefined
  const folder = value.replace(/^\$HOME(?=\/|$)/u, () => home).replaceAll(/\\(.)/gu, '$1')
  return path.isAbsolute(folder) && path.relative(home, folder) !== '' ? path.normalize(folder) : undefined
}

/** Settings that cannot be read are treated as absent. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/**
 * The passphrase from a file or from QUORUM_PASSPHRASE; undefined if there is none. The file takes precedence. One
 * newline at the end of the file is not part of the passphrase. Errors: `bad-request` if the file cannot be read or is
 * empty.
 */
export function givenPassphrase(file: string | undefined, env: Environment): string | undefined {
  if (file === undefined) return env['QUORUM_PASSPHRASE'] === '' ? undefined : env['QUORUM_PASSPHRASE']
  let text: string
  try {
    text = readBounded(file, longestPassphrase)
  } catch (cause) {
    throw new QuorumError('bad-request', `The passphrase file cannot be read: ${file}: ${toError(cause).message}`, {
      cause,
    })
  }
  const passphrase = text.replace(/\r?\n$/u, '')
  if (passphrase === '') throw new QuorumError('bad-request', `The passphrase file is empty: ${file}`)
  return passphrase
}
