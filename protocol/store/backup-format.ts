/**
 * The format of a backup (docs/protocol.md, Backups): a preamble, then a database encrypted with libsodium's
 * secretstream in blocks of 64 KiB. The key is 32 random bytes, told as words, or comes from a passphrase by Argon2id.
 * A reader knows with the first 139 bytes whether the file is damaged there, of a newer version, or opened with another
 * secret, and how long it must be.
 */

import sodium from 'sodium-native'
import { QuorumError } from '../base/errors.ts'
import { KiB, MiB } from '../base/units.ts'
import { keyFromWords, wordsOf } from './backup-words.ts'
import { stretch } from './key.ts'

const magic = Buffer.from('QUORUMBK', 'latin1')
const version = 1
const kdf = { words: 0, argon2id: 1 } as const
/** A guess takes 256 MiB and half a second: whoever has the file may guess as long as they like. */
export const backupArgon2 = { memory: 256 * MiB, passes: 3 }
/** What a file may make its reader spend. */
export const mostArgon2 = { memory: 1024 * MiB, passes: 10 }

const saltBytes = sodium.crypto_pwhash_SALTBYTES
const keyBytes = sodium.crypto_secretstream_xchacha20poly1305_KEYBYTES
const headerBytes = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
const addedBytes = sodium.crypto_secretstream_xchacha20poly1305_ABYTES
/** Tags of secretstream: of a block, and of the last one. */
const message = 0
const final = 3

/** Magic, version, KDF, its memory in KiB and passes, salt. */
const preambleBytes = magic.length + 1 + 1 + 4 + 4 + saltBytes
/** Key of the database, time, length of the database. */
const headBytes = keyBytes + 8 + 8
const digestBytes = 16
const sealedHeadEnd = preambleBytes + headerBytes + headBytes + addedBytes

/** Bytes of a file before its blocks. */
export const beginningBytes = sealedHeadEnd + digestBytes
/** Of the database in one block, which the last one may have fewer of. */
export const blockBytes = 64 * KiB
/** Of an encrypted block. */
export const sealedBlockBytes = blockBytes + addedBytes

export interface BackupHead {
  /** Of the database. */
  key: Buffer
  /** Milliseconds since the epoch. */
  createdAt: number
  /** Bytes of the database. */
  length: number
}

/** What opens a backup. */
export type BackupSecret = { words: string } | { passphrase: string }

/** Bytes of the whole file. */
export function fileLength(length: number): number {
  return beginningBytes + length + Math.ceil(length / blockBytes) * addedBytes
}

/**
 * A key for a new backup, and the preamble that says where it comes from. Without a passphrase it is random, and told
 * as words. Errors: `bad-request` (empty passphrase).
 */
export async function newBackupKey(
  passphrase: string | undefined,
): Promise<{ key: Buffer; preamble: Buffer; words?: string }> {
  const preamble = Buffer.alloc(preambleBytes)
  let at = magic.copy(preamble)
  at = preamble.writeUInt8(version, at)
  if (passphrase === undefined) {
    preamble.writeUInt8(kdf.words, at)
    const key = Buffer.alloc(keyBytes)
    sodium.randombytes_buf(key)
    return { key, preamble, words: wordsOf(key) }
  }
  if (passphrase === '') throw new QuorumError('bad-request', 'The passphrase is empty')
  at = preamble.writeUInt8(kdf.argon2id, at)
  at = preamble.writeUInt32BE(backupArgon2.memory / KiB, at)
  at = preamble.writeUInt32BE(backupArgon2.passes, at)
  const salt = preamble.subarray(at)
  sodium.randombytes_buf(salt)
  return { key: await stretch(passphrase, salt, backupArgon2), preamble }
}

/** Encrypts a backup: `beginning` first, then each block in order. */
export class BackupSealer {
  readonly beginning: Buffer
  readonly #state = Buffer.alloc(sodium.crypto_secretstream_xchacha20poly1305_STATEBYTES)

  /** Does not keep `key`. */
  constructor(key: Buffer, preamble: Buffer, head: BackupHead) {
    const header = Buffer.alloc(headerBytes)
    sodium.crypto_secretstream_xchacha20poly1305_init_push(this.#state, header, key)
    const plain = Buffer.alloc(headBytes)
    let at = head.key.copy(plain)
    at = plain.writeBigUInt64BE(BigInt(head.createdAt), at)
    plain.writeBigUInt64BE(BigInt(head.length), at)
    const parts = Buffer.concat([preamble, header, this.#push(plain, message, preamble)])
    plain.fill(0)
    this.beginning = Buffer.concat([parts, digestOf(parts)])
  }

  seal(block: Buffer, last: boolean): Buffer {
    return this.#push(block, last ? final : message, null)
  }

  #push(plain: Buffer, tag: number, additional: Buffer | null): Buffer {
    const sealed = Buffer.alloc(plain.length + addedBytes)
    sodium.crypto_secretstream_xchacha20poly1305_push(this.#state, sealed, plain, additional, tag)
    return sealed
  }
}

/** Decrypts a backup, from its first 139 bytes and then each block in order. */
export class BackupOpener {
  readonly head: BackupHead
  readonly #state: Buffer

  private constructor(state: Buffer, head: BackupHead) {
    this.#state = state
    this.head = head
  }

  /** What opens the backup that begins so. Errors: `backup-damaged`, `unsupported-version`. */
  static opensWith(beginning: Buffer): 'words' | 'passphrase' {
    checkBeginning(beginning)
    return beginning.readUInt8(magic.length + 1) === kdf.words ? 'words' : 'passphrase'
  }

  /**
   * Errors: `backup-damaged` (also for a file of another kind), `unsupported-version`, `wrong-passphrase` (also for
   * words, and for a passphrase where words are needed).
   */
  static async open(beginning: Buffer, secret: BackupSecret): Promise<BackupOpener> {
    checkBeginning(beginning)
    const parts = beginning.subarray(0, sealedHeadEnd)
    const preamble = parts.subarray(0, preambleBytes)
    const key = await keyOf(preamble, secret)
    try {
      return BackupOpener.#withKey(key, preamble, parts.subarray(preambleBytes), secret)
    } finally {
      key.fill(0)
    }
  }

  static #withKey(key: Buffer, preamble: Buffer, rest: Buffer, secret: BackupSecret): BackupOpener {
    const state = Buffer.alloc(sodium.crypto_secretstream_xchacha20poly1305_STATEBYTES)
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, rest.subarray(0, headerBytes), key)
    const plain = pull(state, rest.subarray(headerBytes), preamble)?.plain
    if (plain === undefined) {
      const what = 'words' in secret ? 'These are the words of another backup' : 'The passphrase is wrong'
      throw new QuorumError('wrong-passphrase', what)
    }
    const length = plain.readBigUInt64BE(keyBytes + 8)
    if (length === 0n || length > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged('its length is impossible')
    const createdAt = Number(plain.readBigUInt64BE(keyBytes))
    const head = { key: Buffer.from(plain.subarray(0, keyBytes)), createdAt, length: Number(length) }
    plain.fill(0)
    return new BackupOpener(state, head)
  }

  /** Errors: `backup-damaged`. */
  block(sealed: Buffer, last: boolean): Buffer {
    const opened = pull(this.#state, sealed, null)
    if (opened === undefined || (opened.tag === final) !== last) throw damaged('it was changed')
    return opened.plain
  }
}

function checkBeginning(beginning: Buffer): void {
  if (beginning.length === 0) throw damaged('it is empty')
  if (!beginning.subarray(0, magic.length).equals(magic.subarray(0, beginning.length))) {
    throw damaged('it is no backup of Quorum, or its beginning was changed')
  }
  if (beginning.length < beginningBytes) throw damaged('its end is missing')
  if (beginning.readUInt8(magic.length) > version) throw newer()
  const digest = digestOf(beginning.subarray(0, sealedHeadEnd))
  if (!digest.equals(beginning.subarray(sealedHeadEnd))) throw damaged('its beginning was changed')
}

export function damaged(why: string): QuorumError {
  return new QuorumError('backup-damaged', `This backup cannot be used: ${why}`)
}

async function keyOf(preamble: Buffer, secret: BackupSecret): Promise<Buffer> {
  let at = magic.length + 1
  const method = preamble.readUInt8(at)
  at += 1
  if (method === kdf.words) {
    if ('words' in secret) return keyFromWords(secret.words)
    throw new QuorumError('wrong-passphrase', 'This backup is opened with its 24 words, not with a passphrase')
  }
  const memory = preamble.readUInt32BE(at) * KiB
  const passes = preamble.readUInt32BE(at + 4)
  if (method !== kdf.argon2id || memory > mostArgon2.memory || passes > mostArgon2.passes) throw newer()
  if (memory < sodium.crypto_pwhash_MEMLIMIT_MIN || passes < 1) throw damaged('its beginning is impossible')
  if ('words' in secret) {
    throw new QuorumError('wrong-passphrase', 'This backup is opened with its passphrase, not with words')
  }
  return stretch(secret.passphrase, preamble.subarray(at + 8), { memory, passes })
}

function pull(state: Buffer, sealed: Buffer, additional: Buffer | null): { plain: Buffer; tag: number } | undefined {
  if (sealed.length < addedBytes) return undefined
  const plain = Buffer.alloc(sealed.length - addedBytes)
  const tag = Buffer.alloc(sodium.crypto_secretstream_xchacha20poly1305_TAGBYTES)
  try {
    sodium.crypto_secretstream_xchacha20poly1305_pull(state, plain, tag, sealed, additional)
  } catch {
    // The only way in which it says that the bytes are not authentic.
    return undefined
  }
  return { plain, tag: tag.readUInt8() }
}

function newer(): QuorumError {
  return new QuorumError('unsupported-version', 'This backup was written by a newer Quorum: restore it with that one')
}

function digestOf(bytes: Buffer): Buffer {
  const digest = Buffer.alloc(digestBytes)
  sodium.crypto_generichash(digest, bytes)
  return digest
}
