/** Reads a small text file that a person names: a configuration, a passphrase. */
import { closeSync, openSync, readSync } from 'node:fs'

/**
 * The text of `file`, without a byte order mark. It may be a pipe, such as `<(…)` of a shell, or a device: no more than
 * `most` bytes and one are ever read. Errors: those of `open` and `read`, and with a sentence for a file that is larger
 * or no UTF-8.
 */
export function readBounded(file: string, most: number): string {
  const content = Buffer.alloc(most + 1)
  const descriptor = openSync(file, 'r')
  let size = 0
  try {
    for (let read = -1; read !== 0 && size <= most; size += read) {
      read = readSync(descriptor, content, size, content.length - size, null)
    }
  } finally {
    closeSync(descriptor)
  }
  if (size > most) throw new Error(`it has more than ${most} bytes`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content.subarray(0, size))
  } catch (cause) {
    throw new Error('it is no UTF-8', { cause })
  }
}
