/**
 * Where a profile lives and what opens it: folder and passphrase. It reads no store and creates no folder.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { QuorumError } from '#protocol'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The folder of a profile: a NAME lives under the data folder of this system, anything with a separator is a path.
 * Errors: `bad-request` for a name that is neither.
 */
export function profileFolder(profile: string, env: Environment, platform: NodeJS.Platform, home: string): string {
  if (/[/\\]/u.test(profile)) return path.resolve(profile)
  if (!/^[\w-][\w. -]{0,63}$/u.test(profile)) {
    throw new QuorumError('bad-request', 'A profile is a short name (letters, digits, - _ .) or a path with a /')
  }
  return path.join(dataFolder(env, platform, home), 'profiles', profile)
}

function dataFolder(env: Environment, platform: NodeJS.Platform, home: string): string {
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Quorum')
  if (platform === 'win32') return path.join(env['APPDATA'] ?? path.join(home, 'AppData', 'Roaming'), 'Quorum')
  const base = env['XDG_DATA_HOME']
  // The XDG rules: a relative path there is to be ignored.
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(home, '.local', 'share'), 'quorum')
}

/**
 * The passphrase given by file or by QUORUM_PASSPHRASE, if any; the file wins. One newline at the file's end is not
 * part of it. Errors: `bad-request` when the file cannot be read or is empty.
 */
export function givenPassphrase(file: string | undefined, env: Environment): string | undefined {
  if (file === undefined) return env['QUORUM_PASSPHRASE'] === '' ? undefined : env['QUORUM_PASSPHRASE']
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new QuorumError('bad-request', `The passphrase file cannot be read: ${file}`, { cause })
  }
  const passphrase = text.replace(/\r?\n$/u, '')
  if (passphrase === '') throw new QuorumError('bad-request', `The passphrase file is empty: ${file}`)
  return passphrase
}
