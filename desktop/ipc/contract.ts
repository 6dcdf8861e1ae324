/**
 * The calls and events between the window and the two processes behind it: types and constants, no behaviour. The calls
 * of the peer process are the library's own. Electron's main process adds dialogs, files, the system and the embedded
 * node. The contract contains no path of the disk and no key: the window refers to a file by the id under which the
 * main process holds its path.
 */
import type { CallName, Calls, DirectMode, ErrorData, PeerEvent, Transfer } from '#protocol'

/** Calls of the library that the window makes through the main process, which asks the person first. */
type Confirmed = 'setPrivacy' | 'verifyFriend' | 'addNode'
/** Calls of the library that the window cannot make: they take or return paths, end the peer, or are not needed. */
type Withheld =
  | 'exportBackup'
  | 'startWeeklyBackups'
  | 'stop'
  | 'erase'
  | 'sendFiles'
  | 'acceptTransfer'
  | 'transferFile'
  | 'nodeKnowledge'
  | 'forgetMe'

/** Whether the profile is open. */
export type PeerStatus =
  | { state: 'opening' }
  /** It opens with a passphrase only. */
  | { state: 'locked' }
  /** `guarded`: it has a passphrase, so it can be locked. */
  | { state: 'open'; guarded: boolean }
  | { state: 'failed'; error: ErrorData }
  /** It was open and is closed. The process ends, so that no key stays in memory; the next one opens the profile. */
  | { state: 'ending' }

export interface PeerCalls extends Pick<Calls, Exclude<CallName, Withheld | Confirmed>> {
  status(): Promise<PeerStatus>
  /** Errors: `wrong-passphrase`. */
  unlock(params: { passphrase: string }): Promise<PeerStatus>
  /** Closes the profile; the next peer process asks for the passphrase. */
  lock(): Promise<PeerStatus>
  /**
   * Sets, changes or (without `next`) removes the passphrase, and closes the profile: it is opened with the new one.
   * Errors: `bad-request` unless the person has confirmed it (`confirmPassphrase`); `wrong-passphrase`: nothing has
   * changed. It does not lead through the main process, whose memory stays when Quorum is locked.
   */
  setPassphrase(params: { current?: string | undefined; next?: string | undefined }): Promise<PeerStatus>
  /**
   * Writes a backup where the person has chosen (`chooseBackup`), once. `words`: the 24 words that open it, unless a
   * passphrase does. Errors: `bad-request` unless a place was chosen, those of `exportBackup`.
   */
  backUp(params: { passphrase?: string | undefined }): Promise<{ words?: string }>
  /**
   * Writes a backup to the chosen folder (`chooseBackupFolder`), now and each week. Errors: `bad-request` unless one
   * was chosen, those of `startWeeklyBackups`.
   */
  keepWeekly(params: { passphrase?: string | undefined }): Promise<{ words?: string }>
  /**
   * Puts the chosen backup (`chooseRestore`) in the place of this profile, and closes it: the next process opens what
   * was restored. Errors: `bad-request` unless one was chosen, `profile-exists` if there is something in this profile,
   * those of `importBackup`: then nothing has changed, and it may be called again.
   */
  restore(params: { words: string } | { passphrase: string }): Promise<null>
}

export const passphraseChanges = ['set', 'remove'] as const
export type PassphraseChange = (typeof passphraseChanges)[number]

export type BackupSecretKind = 'words' | 'passphrase'

/** Calls that only the main process makes, because they permit something to the window. */
export interface PermitCalls {
  /** The person has confirmed this change of the passphrase: the window may make it once. */
  permitPassphrase(params: { change: PassphraseChange }): Promise<null>
  /** The person has chosen this file for a backup: the window may have it written once. */
  permitBackup(params: { path: string }): Promise<null>
  /** The person has chosen this folder for weekly backups: the window may start them once. */
  permitWeekly(params: { path: string }): Promise<null>
  /** The person has chosen this backup to restore. Errors: those of `backupOpensWith`. */
  permitRestore(params: { path: string }): Promise<BackupSecretKind>
}

/** The library's events, and changes of the profile's status. */
export type PeerProcessEvent = PeerEvent | { event: 'status'; data: PeerStatus }

export const themes = ['system', 'light', 'dark'] as const
export const textSizes = ['small', 'normal', 'large', 'larger'] as const
export const languages = ['system', 'en', 'de'] as const
/** The choices in the settings. The mode `only` is shown as well where another program has set it. */
export const directChoices = ['auto', 'verified', 'never'] as const satisfies readonly DirectMode[]
/** A notification shows name and text, only the name, or only that there is something; `off`: there are none. */
export const notificationKinds = ['full', 'name', 'none', 'off'] as const

/** The settings of the window. They are stored unencrypted, so they contain nothing about people or messages. */
export interface Preferences {
  theme: (typeof themes)[number]
  textSize: (typeof textSizes)[number]
  language: (typeof languages)[number]
  notifications: (typeof notificationKinds)[number]
  /** Idle minutes after which a guarded profile is locked, besides screen lock and sleep; 0: only when asked. */
  lockAfter: number
  startAtLogin: boolean
  /** Closing the window leaves Quorum running in the tray. */
  closeToTray: boolean
}

/** The node that this profile runs on this computer. */
export interface EmbeddedNodeStatus {
  state: 'off' | 'starting' | 'running'
  /** PeerId. */
  peer?: string
  /** Multiaddrs, sorted by scope: the one that is reachable from the widest network is last. */
  addresses: string[]
  /** Why the node ended unexpectedly, in one sentence; absent when it runs. */
  trouble?: string
}

/** A file or folder that waits to be sent. The main process holds its path. */
export interface StagedFile {
  id: string
  name: string
  /** In bytes; absent for a folder, whose size is unknown until it is scanned. */
  size?: number
  folder: boolean
}

/** `error`: why the rest could not be held. */
export interface StagedResult {
  staged: StagedFile[]
  error?: ErrorData
}

/** What the window needs to know when it opens. */
export interface StartInfo {
  version: string
  /** The name of the profile; absent for the default one. */
  profile?: string
  platform: string
  /** Language tags of the system, the preferred one first. */
  languages: string[]
  /** The name of the system's user, proposed as the person's own name; empty if there is none. */
  user: string
  preferences: Preferences
  node: EmbeddedNodeStatus
  /** The link with which Quorum was opened. */
  link?: string
  /** The name of the folder for received files. */
  downloads: string
  /** The system has a tray, so Quorum can keep running without a window. */
  tray: boolean
}

/**
 * What the person confirms in a dialog of the main process (main/confirmed-calls.ts) does nothing when it is cancelled:
 * a call that returns a state returns the unchanged one.
 */
export interface MainCalls extends Pick<Calls, Confirmed> {
  start(): Promise<StartInfo>
  /** Asks before a setting protects less than before. */
  setPreferences(params: Partial<Preferences>): Promise<Preferences>
  copy(params: { text: string }): Promise<null>
  /** Asks, then opens the link in the browser or copies it. Errors: `bad-request` unless it is http or https. */
  openLink(params: { url: string }): Promise<null>
  /** Asks about a change of the passphrase. True: the peer process accepts it once. */
  confirmPassphrase(params: { change: PassphraseChange }): Promise<boolean>
  /** Asks if friends are not to learn the address. */
  runNode(): Promise<EmbeddedNodeStatus>
  endNode(): Promise<EmbeddedNodeStatus>
  /** Shows a dialog to choose files or folders, and holds their paths for sending. */
  chooseFiles(params: { folder: boolean }): Promise<StagedFile[]>
  /** Releases files that will not be sent. */
  unstage(params: { staged: string[] }): Promise<null>
  /** Keeps with the draft for `peer` which files are held for it; pasted pictures are not kept. */
  keepStaged(params: { peer: string; staged: string[] }): Promise<null>
  /** Holds again the files that were kept with drafts, as far as they are still there. */
  keptStaged(): Promise<{ peer: string; staged: StagedFile[] }[]>
  sendFiles(params: { peer: string; staged: string[]; note?: string | undefined }): Promise<Transfer>
  /** `choose`: a dialog asks for the folder. Null when the dialog was cancelled. */
  acceptTransfer(params: { transfer: string; choose: boolean }): Promise<Transfer | null>
  /**
   * Shows a dialog to choose the folder for received files. Returns the name of the folder; the former one if the
   * dialog was cancelled.
   */
  chooseDownloads(): Promise<string>
  /** Opens the folder with the received files. Errors: `not-found`. */
  showTransfer(params: { transfer: string }): Promise<null>
  /** Shows a dialog and saves a problem report there. False when the dialog was cancelled. */
  saveReport(): Promise<boolean>
  /** Opens the folder with the last saved report. Errors: `not-found`. */
  showReport(): Promise<null>
  /** Asks with the system's dialog where a backup is written. False when it was cancelled. */
  chooseBackup(): Promise<boolean>
  /** The same for the folder of weekly backups. */
  chooseBackupFolder(): Promise<boolean>
  /**
   * Asks with the system's dialog for a backup. Returns its name and what opens it; null when it was cancelled.
   * Errors: `backup-damaged`, `unsupported-version`, `not-writable` (unreadable).
   */
  chooseRestore(): Promise<{ name: string; opensWith: BackupSecretKind } | null>
  /** Asks, then deletes the profile and quits Quorum. */
  erase(): Promise<null>
  quit(): Promise<null>
}

export type MainEvent =
  | { event: 'embedded-node'; data: EmbeddedNodeStatus }
  /** The peer process has died (`ended`); when its successor runs, the window gets a new port. */
  | { event: 'peer-process'; data: { state: 'ended' | 'running' } }
  | { event: 'link'; data: { link: string } }
  /** The settings of the window were changed outside the page. */
  | { event: 'preferences'; data: Preferences }
  /** A notification was clicked: the window shows this conversation or this request. */
  | { event: 'show'; data: { conversation: string } }

/** Below this path of the page's address, the preload script submits files as a form (main/given-files.ts). */
export const givenPath = '/given/'

/** What the preload script adds to the page, besides the ports that it passes on. */
export interface Bridge {
  /**
   * Holds dropped or pasted files for sending. A picture that is not on the disk is written there. Left out is what is
   * neither a file or folder of the disk nor a picture. An error comes as data: as an exception it would lose its code.
   */
  stage(files: File[]): Promise<StagedResult>
}
