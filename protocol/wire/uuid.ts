/** UUIDs between their text and their 16 bytes. Making them is the `uuid` package's work. */
import { parse, validate } from 'uuid'
import { QuorumError } from '../base/errors.ts'

/** Errors: `bad-request` for text that is no UUID. */
export function uuidToBytes(id: string): Uint8Array {
  if (!validate(id)) throw new QuorumError('bad-request', 'That is not a message id')
  return parse(id)
}

/** Errors: `bad-request` for bytes that are no UUID. */
export function uuidFromBytes(bytes: Uint8Array): string {
  if (bytes.byteLength === 16) {
    const id = Buffer.from(bytes)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    if (validate(id)) return id
  }
  throw new QuorumError('bad-request', 'An id is not a UUID')
}
