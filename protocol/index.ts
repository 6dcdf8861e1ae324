/**
 * The public API of Quorum's library. `createPeer` starts a peer, `createRelayNode` starts a node.
 * docs/embedding.md shows a conversation of two peers in twenty lines.
 */
import './base/node-version.ts'
export { callParams } from './api/calls.ts'
export type {
  Backup,
  BackupState,
  CallName,
  CallParams,
  CallResults,
  Calls,
  Erased,
  NodeKnowledge,
  Peer,
  SafetyNumber,
  Self,
} from './api/calls.ts'
export { givenNodeAddress } from './address/given-address.ts'
export { isPeerId } from './address/peer-id.ts'
export type { AddressPart } from './address/given-address.ts'
export { exportBackup, importBackup } from './backup.ts'
export type { BackupOptions, Imported, ImportOptions } from './backup.ts'
export { createFile, replaceFile } from './base/atomic-file.ts'
export { destroyFile } from './base/destroy-file.ts'
export { makeFolderSync } from './base/make-folder.ts'
export type { FileContent } from './base/atomic-file.ts'
export { diskErrorOf } from './base/disk-errors.ts'
export type { DiskError, DiskErrorCode } from './base/disk-errors.ts'
export { errorCodes, errorToData, isErrorCode, QuorumError, toError } from './base/errors.ts'
export type { ErrorCode, ErrorData } from './base/errors.ts'
export type { DirectoryStore, HeldEnvelope } from './directory/store.ts'
export type { HeldParcel, ParcelStore } from './mailbox/store.ts'
export type { HeldMailbox } from './wire/directory.ts'
export type { LeaveOutcome } from './wire/mailbox.ts'
export type { PeerEvent } from './api/events.ts'
export type {
  AdviceCode,
  ConnectionInfo,
  DialAttempt,
  Friend,
  Group,
  GroupMember,
  FriendState,
  Message,
  DraftFiles,
  MessageDraft,
  MessageState,
  NodeProblem,
  NodeState,
  HeldReason,
  FileRisk,
  FileRisks,
  MissingFile,
  MissingReason,
  NumberedFile,
  PathKind,
  RecipientInfo,
  Transfer,
  TransferFile,
  TransferState,
} from './api/model.ts'
export { limits } from './public-limits.ts'
export { createLog } from './base/log-lines.ts'
export type { LineSink } from './base/log-lines.ts'
export { scrubText } from './base/log-scrub.ts'
export type { LoggedError } from './base/log-scrub.ts'
export { logLevels } from './base/log.ts'
export type { Log, LogLevel } from './base/log.ts'
export { createPeer } from './peer.ts'
export type { PeerOptions } from './peer-options.ts'
export {
  directModes,
  lessPrivate,
  mostPrivate,
  privacyNames,
  privacyPatch,
  stillHolding,
  usualPrivacy,
} from './api/privacy.ts'
export type { DirectMode, Privacy, PrivacyPatch } from './api/privacy.ts'
export { splitNote } from './identity/recipient.ts'
export { storedPrivacy } from './identity/settings.ts'
export { createRelayNode } from './relay-node.ts'
export type { MostUsers, RelayAmounts, RelayNodeOptions } from './relay-node-options.ts'
export type { RelayedDay, RelayShares } from './net/relay-usage.ts'
export type { RelayNode, RelayNodeStats } from './relay-node.ts'
export { eraseStore } from './store/erase.ts'
export { backupOpensWith } from './store/restore.ts'
export { openMemoryStore } from './store/memory.ts'
export { changePassphrase, checkPassphrase, openSqliteStore } from './store/sqlite.ts'
export type { SqliteStoreOptions } from './store/sqlite.ts'
export type { Store } from './store/store.ts'
export { version } from './base/version.ts'
