/**
 * The identity of the node: one Ed25519 seed in `node.key`, generated at the first start. A copy of the file is enough
 * to impersonate the node, so its mode is 0600, and it belongs in the backup. A damaged file is refused and never
 * replaced: with a new identity, all peers that know the old address would dial a node that no longer exists.
 */
import fs from 'node:fs'
import path from 'node:path'
import { createHash, randomBytes } from 'node:crypto'
import { QuorumError } from '#protocol'
import { createFile, diskError, refusal } from './disk.ts'
import { nodeLimits } from './limits.ts'

/**
 * One line: this name, the version of the format, the seed in hex, and a checksum that detects a single wrong digit.
 */
const format = 'quorum-node-key'
const version = '1'
const seedBytes = 32

/**
 * The seed (32 bytes) in `folder`, created if there is none.
 * Errors: `store-corrupt`, `unsupported-version`, `disk-full`, `not-writable`.
 */
export function loadNodeKey(folder: string): Uint8Array {
  const file = path.join(folder, 'node.key')
  if (!fs.existsSync(file)) createFile(file, line(randomBytes(seedBytes)))
  return parse(read(file), file)
}

function read(file: string): string {
  try {
    const { mode, size } = fs.statSync(file)
    // Restoring a backup often makes files readable by everyone. (Windows has no such bits.)
    if ((mode & 0o077) !== 0 && path.sep === '/') fs.chmodSync(file, 0o600)
    if (size > nodeLimits.keyFile) throw new QuorumError('store-corrupt', refusal('store-corrupt', file, 'too long'))
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw diskError(error, file)
  }
}

function line(seed: Uint8Array): string {
  const hex = Buffer.from(seed).toString('hex')
  return `${format} ${version} ${hex} ${checksum(hex)}\n`
}

function parse(text: string, file: string): Uint8Array {
  // An editor may have added a byte order mark, which `trim` removes, or a line break.
  const [name, written, hex = '', sum] = text.trim().split(' ')
  if (name !== format) throw new QuorumError('store-corrupt', refusal('store-corrupt', file, 'not a node key'))
  if (written !== undefined && /^[2-9]$/.test(written)) {
    throw new QuorumError('unsupported-version', refusal('unsupported-version', file, `format ${written}`))
  }
  if (written !== version || !/^[0-9a-f]{64}$/.test(hex) || sum !== checksum(hex)) {
    throw new QuorumError('store-corrupt', refusal('store-corrupt', file, 'its checksum is wrong'))
  }
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

function checksum(hex: string): string {
  return createHash('sha256').update(`${format} ${version} ${hex}`).digest('hex').slice(0, 16)
}
