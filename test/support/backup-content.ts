/** What is in a backup, down to its pages. */
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { BackupOpener, beginningBytes, sealedBlockBytes } from '../../protocol/store/backup-format.ts'
import type { BackupSecret } from '../../protocol/store/backup-format.ts'
import { Database } from '../../protocol/store/database.ts'
import { folder } from './cleanup.ts'

/** The database in a backup, as it is there, and its key. */
export async function unpackedBackup(
  t: TestContext,
  backup: string,
  secret: BackupSecret,
): Promise<{ file: string; key: Uint8Array }> {
  const bytes = readFileSync(backup)
  const opener = await BackupOpener.open(bytes.subarray(0, beginningBytes), secret)
  const file = join(folder(t), 'inside.db')
  writeFileSync(file, '')
  for (let at = beginningBytes; at < bytes.length; at += sealedBlockBytes) {
    const sealed = bytes.subarray(at, at + sealedBlockBytes)
    appendFileSync(file, opener.block(sealed, at + sealedBlockBytes >= bytes.length))
  }
  return { file, key: opener.head.key }
}

/** The pages of a closed database without their encryption. */
export function plainPages(t: TestContext, file: string, key: Uint8Array): Buffer {
  const copy = join(folder(t), 'plain.db')
  copyFileSync(file, copy)
  const database = new Database(copy, key)
  database.exec('PRAGMA journal_mode = DELETE')
  database.exec("PRAGMA rekey = ''")
  database.close()
  return readFileSync(copy)
}
