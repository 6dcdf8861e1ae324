/**
 * Where a backup is written, and which one is restored: the person chooses in the system's dialogs, and the peer
 * process is permitted exactly that. Words and passphrases go between the page and the peer process, never through
 * here: the memory of this process stays when Quorum is locked.
 */
import { app, dialog } from 'electron'
import type { BrowserWindow } from 'electron'
import path from 'node:path'
import type { BackupSecretKind } from '../ipc/contract.ts'
import type { PeerClient } from './peer-process.ts'

/** False when the dialog was cancelled. */
export async function chooseBackup(window: BrowserWindow, peer: PeerClient): Promise<boolean> {
  const name = `quorum-${localDay(new Date())}.backup`
  const { canceled, filePath } = await dialog.showSaveDialog(window, {
    defaultPath: path.join(app.getPath('documents'), name),
    properties: ['showOverwriteConfirmation', 'createDirectory'],
  })
  if (canceled || filePath === '') return false
  await peer.call('permitBackup', { path: filePath })
  return true
}

/** False when the dialog was cancelled. */
export async function chooseBackupFolder(window: BrowserWindow, peer: PeerClient): Promise<boolean> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window, {
    defaultPath: app.getPath('documents'),
    properties: ['openDirectory', 'createDirectory'],
  })
  const [folder] = filePaths
  if (canceled || folder === undefined) return false
  await peer.call('permitWeekly', { path: folder })
  return true
}

/** Null when the dialog was cancelled. Errors: those of `backupOpensWith`. */
export async function chooseRestore(
  window: BrowserWindow,
  peer: PeerClient,
): Promise<{ name: string; opensWith: BackupSecretKind } | null> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window, { properties: ['openFile'] })
  const [file] = filePaths
  if (canceled || file === undefined) return null
  return { name: path.basename(file), opensWith: await peer.call('permitRestore', { path: file }) }
}

/** As people name it: 2026-11-28. */
function localDay(now: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}
