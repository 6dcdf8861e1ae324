/** Backups as actions of a person. Where a file is, the main process asks; words and passphrases go to the peer alone. */
import type { BackupSecretKind } from '../../ipc/contract.ts'
import { callMain, callPeer } from './clients.ts'
import { store } from './state.ts'

/**
 * Writes a backup where the person chooses; `onChosen`: it begins. Undefined when the dialog was cancelled, else the 24
 * words, if they open it. Errors: those of the calls.
 */
export async function backUp(
  passphrase: string | undefined,
  onChosen: () => void,
): Promise<{ words?: string } | undefined> {
  if (!(await callMain('chooseBackup'))) return undefined
  onChosen()
  return measured(() => callPeer('backUp', passphrase === undefined ? {} : { passphrase }))
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
