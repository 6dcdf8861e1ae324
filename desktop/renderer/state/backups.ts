/** Backups as actions of a person. The main process asks where they are; words and passphrases go to the peer only. */
import type { BackupSecretKind } from '../../ipc/contract.ts'
import { callMain, callPeer } from './clients.ts'
import { store } from './state.ts'
import { attempt } from './toasts.ts'

/**
 * Writes a backup where the person chooses, or, `weekly`, one each week to a folder; `onChosen`: it begins. Undefined
 * when the dialog was cancelled, else the 24 words, if they open it. Errors: those of the calls.
 */
export async function backUp(
  weekly: boolean,
  passphrase: string | undefined,
  onChosen: () => void,
): Promise<{ words?: string } | undefined> {
  if (!(await callMain(weekly ? 'chooseBackupFolder' : 'chooseBackup'))) return undefined
  onChosen()
  const made = await measured(() => callPeer(weekly ? 'keepWeekly' : 'backUp', { passphrase }))
  await loadBackups()
  return made
}

/** Never rejects: what is known of backups is shown, and nothing else depends on it. */
export async function loadBackups(): Promise<void> {
  await attempt(async () => store.set({ backups: await callPeer('backups') }))
}

export async function dismissReminder(): Promise<void> {
  await attempt(async () => store.set({ backups: await callPeer('dismissBackupReminder') }))
}

/** Those that are there stay. */
export async function stopWeekly(): Promise<void> {
  await attempt(async () => store.set({ backups: await callPeer('stopWeeklyBackups') }))
}

/** Null when the dialog was cancelled. Errors: those of the call. */
export async function chooseRestore(): Promise<{ name: string; opensWith: BackupSecretKind } | null> {
  return callMain('chooseRestore')
}

/** The profile that is restored is opened by itself. Errors: those of the call. */
export async function restore(secret: string, opensWith: BackupSecretKind): Promise<void> {
  await measured(() => callPeer('restore', opensWith === 'words' ? { words: secret } : { passphrase: secret }))
}

async function measured<T>(work: () => Promise<T>): Promise<T> {
  store.set({ backup: undefined })
  try {
    return await work()
  } finally {
    store.set({ backup: undefined })
  }
}
