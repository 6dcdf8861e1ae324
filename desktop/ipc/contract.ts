/**
 * What the window may ask of the two processes behind it, and what they tell it: contracts, without behaviour. The peer's calls are the
 * library's own; the shell (Electron's main process) adds what only it can do: dialogs, files, the system, the node here.
 * No path of the disk and no key is part of it: the window knows files by the name of what the shell holds for it.
 */
import type { CallName, Calls, DirectMode, ErrorData, PeerEvent, Transfer } from '#protocol'

/** Calls of the library that the window cannot make: they name paths, or end the peer. */
type Withheld = 'stop' | 'sendFiles' | 'acceptTransfer' | 'transferFile'

/** Whether the profile is open. */
export type PeerStatus =
  | { state: 'opening' }
  /** A passphrase guards it. */
  | { state: 'locked' }
  /** `guarded`: it has a passphrase, so it can be locked. */
  | { state: 'open'; guarded: boolean }
  | { state: 'failed'; error: ErrorData }

export interface PeerCalls extends Pick<Calls, Exclude<CallName, Withheld>> {
  status(): Promise<PeerStatus>
  /** Errors: `wrong-passphrase`. */
  unlock(params: { passphrase: string }): Promise<PeerStatus>
  lock(): Promise<PeerStatus>
  /** Sets, changes or (without `next`) removes the passphrase. Errors: `wrong-passphrase`. */
  setPassphrase(params: { current?: string | undefined; next?: string | undefined }): Promise<PeerStatus>
}

export type PeerProcessEvent = PeerEvent | { event: 'status'; data: PeerStatus }

export const themes = ['system', 'light', 'dark'] as const
export const textSizes = ['small', 'normal', 'large', 'larger'] as const
export const languages = ['system', 'en', 'de'] as const
/** Offered in the settings; `only` is shown where a program chose it. */
export const directChoices = ['auto', 'verified', 'never'] as const satisfies readonly DirectMode[]
/** What a notification shows: name and text, the name, or only that there is something. */
export const notificationKinds = ['full', 'name', 'none', 'off'] as const

/** What a person chose about the window; kept unencrypted, so nothing of people or messages is in it. */
export interface Preferences {
  theme: (typeof themes)[number]
  textSize: (typeof textSizes)[number]
  language: (typeof languages)[number]
  notifications: (typeof notificationKinds)[number]
  /** Idle minutes before a guarded profile locks itself; 0: never. */
  lockAfter: number
  startAtLogin: boolean
  /** Closing the window leaves Quorum running in the tray. */
  closeToTray: boolean
}

/** The node that runs inside this profile. */
export interface EmbeddedNodeStatus {
  state: 'off' | 'starting' | 'running'
  /** PeerId. */
  peer?: string
  /** Multiaddrs, the widest last. */
  addresses: string[]
  trouble?: string
}

/** A file or folder that waits to be sent: the shell knows where it is. */
export interface StagedFile {
  id: string
  name: string
  /** Bytes; of a folder: unknown until it is read. */
  size?: number
  folder: boolean
}

/** What the window is told when it opens. */
export interface StartInfo {
  version: string
  /** Of the profile; absent for the usual one. */
  profile?: string
  platform: string
  /** Language tags of the system, best first. */
  languages: string[]
  /** Name of the system's user: proposed as one's own. */
  user: string
  preferences: Preferences
  node: EmbeddedNodeStatus
  /** A link with which Quorum was opened. */
  link?: string
  /** The name of the folder where files go. */
  downloads: string
  /** The system has a tray to close into. */
  tray: boolean
}

export interface MainCalls {
  start(): Promise<StartInfo>
  setPreferences(params: Partial<Preferences>): Promise<Preferences>
  copy(params: { text: string }): Promise<null>
  /** http and https only; the window has asked the person first. */
  openLink(params: { url: string }): Promise<null>
  runNode(): Promise<EmbeddedNodeStatus>
  endNode(): Promise<EmbeddedNodeStatus>
  /** Lets the person choose; what was chosen is held for sending. */
  chooseFiles(params: { folder: boolean }): Promise<StagedFile[]>
  /** Files that are not sent after all. */
  unstage(params: { staged: string[] }): Promise<null>
  sendFiles(params: { peer: string; staged: string[]; note?: string | undefined }): Promise<Transfer>
  /** `choose`: the person picks the folder; null when they did not. */
  acceptTransfer(params: { transfer: string; choose: boolean }): Promise<Transfer | null>
  /** Lets the person choose where files go from now on. Returns the name of the folder, the old one if none was chosen. */
  chooseDownloads(): Promise<string>
  /** Opens the folder with what was received. */
  showTransfer(params: { transfer: string }): Promise<null>
  /** Lets the person choose where a report for those who help goes, and saves it. Whether it was saved. */
  saveReport(): Promise<boolean>
  /** Opens the folder with the report that was saved last. Errors: `not-found`. */
  showReport(): Promise<null>
  /** Destroys the profile and ends Quorum. */
  erase(): Promise<null>
  quit(): Promise<null>
}

export type MainEvent =
  | { event: 'embedded-node'; data: EmbeddedNodeStatus }
  /** The peer's process has died (`ended`); a new one is on its way, and then there is a new port. */
  | { event: 'peer-process'; data: { state: 'ended' | 'running' } }
  | { event: 'link'; data: { link: string } }
  /** A notification was clicked: show this friend, or the requests. */
  | { event: 'show'; data: { peer: string } }

/** What the preload leaves in the page, besides the ports it passes. */
export interface Bridge {
  /** Holds dropped or pasted files for sending. Only a real file of the disk has a path to hold. */
  stage(files: File[]): Promise<StagedFile[]>
}
