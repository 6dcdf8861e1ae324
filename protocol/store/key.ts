/**
 * The key of a profile and its optional passphrase. The database is encrypted with a random data key. The key file has
 * that key in plain form, protected by the permissions of the file only, or sealed with a key that Argon2id derives
 * from the passphrase; so changing the passphrase does not touch the database. A key file is replaced only once the new
 * one is complete on the disk.
 *
 * Format: a line of JSON, then a line with its BLAKE2b-128 digest in hex, which distinguishes a damaged file from a
 * wrong passphrase.
 */

import { readFileSync } from 'node:fs'
import sodium from 'sodium-native'
import { z } from 'zod'
import { QuorumError } from '../base/errors.ts'
import { replaceFile } from '../base/atomic-file.ts'
import { codeOf, corruptStore, storeFailure } from '../base/disk-errors.ts'

/** Argon2id of version 1: a guess takes 64 MiB and a tenth of a second. */
const argon2 = { memory: 64 * 1024 * 1024, passes: 3 }
const digestBytes = 16

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`))
const base = {
  version: z.literal(1),
  /** The database was complete at one time: if it is missing now, it was lost. */
  created: z.boolean(),
}
const schema = z.union([
  z.strictObject({ ...base, key: hex(sodium.crypto_secretbox_KEYBYTES) }),
  z.strictObject({
    ...base,
    salt: hex(sodium.crypto_pwhash_SALTBYTES),
    nonce: hex(sodium.crypto_secretbox_NONCEBYTES),
    sealed: hex(sodium.crypto_secretbox_KEYBYTES + sodium.crypto_secretbox_MACBYTES),
  }),
])
export type KeyFile = z.infer<typeof schema>

export function newDataKey(): Buffer {
  const key = Buffer.alloc(sodium.crypto_secretbox_KEYBYTES)
  sodium.randombytes_buf(key)
  return key
}

/** `passphrase` undefined: the key is stored in plain form. Errors: `bad-request` (empty passphrase). */
export async function guardKey(dataKey: Buffer, passphrase: string | undefined, created: boolean): Promise<KeyFile> {
  if (passphrase === undefined) return { version: 1, created, key: dataKey.toString('hex') }
  if (passphrase === '') throw new QuorumError('bad-request', 'The passphrase is empty')
  const salt = Buffer.alloc(sodium.crypto_pwhash_SALTBYTES)
  const nonce = Buffer.alloc(sodium.crypto_secretbox_NONCEBYTES)
  sodium.randombytes_buf(salt)
  sodium.randombytes_buf(nonce)
  const wrapping = await stretch(passphrase, salt, argon2)
  const sealed = Buffer.alloc(dataKey.length + sodium.crypto_secretbox_MACBYTES)
  sodium.crypto_secretbox_easy(sealed, dataKey, nonce, wrapping)
  sodium.sodium_memzero(wrapping)
  return {
    version: 1,
    created,
    salt: salt.toString('hex'),
    nonce: nonce.toString('hex'),
    sealed: sealed.toString('hex'),
  }
}

/** The data key. Errors: `wrong-passphrase` (also for one that is missing, or not needed). */
export async function unguardKey(file: KeyFile, passphrase: string | undefined): Promise<Buffer> {
  if ('key' in file) {
    if (passphrase !== undefined) throw new QuorumError('wrong-passphrase', 'This profile has no passphrase')
    return Buffer.from(file.key, 'hex')
  }
  if (passphrase === undefined) throw new QuorumError('wrong-passphrase', 'This profile needs its passphrase')
  const wrapping = await stretch(passphrase, Buffer.from(file.salt, 'hex'), argon2)
  const dataKey = Buffer.alloc(sodium.crypto_secretbox_KEYBYTES)
  const sealed = Buffer.from(file.sealed, 'hex')
  const right = sodium.crypto_secretbox_open_easy(dataKey, sealed, Buffer.from(file.nonce, 'hex'), wrapping)
  sodium.sodium_memzero(wrapping)
  if (!right) throw new QuorumError('wrong-passphrase', 'The passphrase is wrong')
  return dataKey
}

/**
 * `undefined` if the file does not exist. Errors: `store-corrupt`, `unsupported-version`, `not-writable` (unreadable).
 */
export function readKeyFile(path: string): KeyFile | undefined {
  let text: string
  try {
    text = readFileSync(path, 'latin1')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw storeFailure(error)
  }
  const [json = '', digest] = text.split('\n')
  if (digest !== digestOf(json)) throw corruptStore('its key file cannot be read')
  const content: unknown = JSON.parse(json)
  if (z.object({ version: z.number().min(2) }).safeParse(content).success) {
    throw new QuorumError('unsupported-version', 'This profile was written by a newer Quorum')
  }
  const parsed = schema.safeParse(content)
  if (!parsed.success) throw corruptStore('its key file has invalid content', parsed.error)
  return parsed.data
}

/** Replaces the file atomically: a crash leaves the old one or the new one. Errors: `disk-full`, `not-writable`. */
export function writeKeyFile(path: string, file: KeyFile): void {
  const json = JSON.stringify(file)
  try {
    replaceFile(path, `${json}\n${digestOf(json)}\n`)
  } catch (error) {
    throw storeFailure(error)
  }
}

function digestOf(json: string): string {
  const digest = Buffer.alloc(digestBytes)
  sodium.crypto_generichash(digest, Buffer.from(json))
  return digest.toString('hex')
}

/**
 * 32 bytes from a passphrase by Argon2id; `memory` in bytes. NFC: another keyboard may compose the same passphrase from
 * other characters.
 */
export function stretch(
  passphrase: string,
  salt: Buffer,
  { passes, memory }: { memory: number; passes: number },
): Promise<Buffer> {
  const password = Buffer.from(passphrase.normalize('NFC'))
  const key = Buffer.alloc(sodium.crypto_secretbox_KEYBYTES)
  return new Promise((resolve, reject) => {
    const algorithm = sodium.crypto_pwhash_ALG_ARGON2ID13
    sodium.crypto_pwhash_async(key, password, salt, passes, memory, algorithm, (error) => {
      sodium.sodium_memzero(password)
      if (error) reject(error)
      else resolve(key)
    })
  })
}
