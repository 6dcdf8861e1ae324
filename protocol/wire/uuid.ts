/** UUIDs as text and as 16 bytes. They are generated with the `uuid` package. */
import { parse, validate } from 'uuid'
import { QuorumError } from '../base/errors.ts'

/** Errors: `bad-request` for text that is not a UUID. */
export function uuidToBytes(id: string): Uint8Array {
  if (!validate(id)) throw new QuorumError('bad-request', 'That is not a message id')
  return parse(id)
}

/** Errors: `bad-request` for bytes that are not a UUID. */
export function uuidFromBytes(bytes: Uint8Array): string {
  if (bytes.byteLength === 16) {
    const id = Buffer.from(bytes)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    if (validate(id)) return id
  }
  throw new QuorumError('bad-request', 'An id is not a UUID')
}
