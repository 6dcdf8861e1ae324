/**
 * Starts Quorum when the person logs in: on macOS and Windows by Electron's own call, on Linux by a desktop entry in
 * the autostart folder (freedesktop.org, Autostart Specification), one entry for each profile.
 */
import { app } from 'electron'
import { createHash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { makeFolderSync } from '#protocol'

/** `profile`: a name, or the absolute path of a folder. Errors: those of the disk. */
export function startAtLogin(on: boolean, profile: string, icon: string): void {
  const args = ['--hidden', '--profile', profile]
  if (process.platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: on, args })
    return
  }
  const file = path.join(configFolder(process.env), 'autostart', `quorum-${fileName(profile)}.desktop`)
  if (!on) {
    rmSync(file, { force: true })
    return
  }
  makeFolderSync(path.dirname(file))
  const [program, ...before] = commandLine()
  writeFileSync(file, entry([program ?? process.execPath, ...before, ...args], icon))
}

/** A profile that is a folder is named by a digest of its path: two folders can have the same name. */
function fileName(profile: string): string {
  if (!path.isAbsolute(profile)) return profile.replace(/[^\w.-]/gu, '-')
  return createHash('sha256').update(profile).digest('hex').slice(0, 16)
}

/** The command line that starts this Quorum. */
function commandLine(): string[] {
  // An AppImage mounts its content at another path at each start, so the path of the image itself is used.
  const packaged = process.env['APPIMAGE'] ?? process.execPath
  if (app.isPackaged) return [packaged]
  const switches = app.commandLine.hasSwitch('no-sandbox') ? ['--no-sandbox'] : []
  return [process.execPath, ...switches, path.resolve(process.argv.find((word) => word.endsWith('main.ts')) ?? '')]
}

function entry(command: readonly string[], icon: string): string {
  const lines = [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Quorum',
    `Exec=${command.map(quoted).join(' ')}`,
    `Icon=${icon}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
  ]
  return `${lines.join('\n')}\n`
}

/** Quotes an argument (Desktop Entry Specification, The Exec key): escaped twice, `%` doubled. */
function quoted(word: string): string {
  const argument = word.replace(/["`$\\]/gu, String.raw`\$&`).replaceAll('%', '%%')
  return `"${argument.replaceAll('\\', '\\\\').replaceAll('\n', String.raw`\n`)}"`
}

/** A relative path is ignored, as the XDG Base Directory Specification demands. */
function configFolder(env: NodeJS.ProcessEnv): string {
  const chosen = env['XDG_CONFIG_HOME'] ?? ''
  return path.isAbsolute(chosen) ? chosen : path.join(homedir(), '.config')
}
