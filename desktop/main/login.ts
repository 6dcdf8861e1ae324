/**
 * Starting with the session: macOS and Windows by Electron's own call, Linux by a desktop entry in the person's autostart
 * folder (freedesktop.org, Autostart Specification), one for each profile.
 */
import { app } from 'electron'
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'

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
  mkdirSync(path.dirname(file), { recursive: true })
  const [program, ...before] = commandLine()
  writeFileSync(file, entry([program ?? process.execPath, ...before, ...args], icon))
}

/** Two folders of one name are two profiles. */
function fileName(profile: string): string {
  if (!path.isAbsolute(profile)) return profile.replace(/[^\w.-]/gu, '-')
  return createHash('sha256').update(profile).digest('hex').slice(0, 16)
}

/** What a session types to start this Quorum. */
function commandLine(): string[] {
  // An AppImage is unpacked anew, somewhere else, at each start.
  const packed = process.env['APPIMAGE'] ?? process.execPath
  if (app.isPackaged) return [packed]
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

/** An argument as the Desktop Entry Specification wants it: quoted, escaped twice, without field codes. */
function quoted(word: string): string {
  const argument = word.replace(/["`$\\]/gu, String.raw`\$&`).replaceAll('%', '%%')
  return `"${argument.replaceAll('\\', '\\\\').replaceAll('\n', String.raw`\n`)}"`
}

/** By the XDG rules a relative path there is to be ignored. */
function configFolder(env: NodeJS.ProcessEnv): string {
  const chosen = env['XDG_CONFIG_HOME'] ?? ''
  return path.isAbsolute(chosen) ? chosen : path.join(homedir(), '.config')
}
