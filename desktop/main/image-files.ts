/**
 * Images among the files of transfers, for the page to show. The page asks by transfer and number, never by a path. The
 * answer is the checked bytes of an image, or nothing.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { imageLimits, readImageHeader } from './image-header.ts'

/** Does not follow a link at the end of the path, and does not block if a pipe has replaced the file. */
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
/** `TRANSFER/FILE`: a UUID, and the number of the file in its transfer. */
const namePattern = /^([0-9a-f-]{36})\/(\d{1,6})$/u

export class ImageFiles {
  readonly #pathOf: (transfer: string, file: number) => Promise<string>
  /** The last read. Reads run one after the other, so at most one file is in memory, however many the page asks for. */
  #lastRead: Promise<unknown> = Promise.resolve()

  /** `pathOf`: the path of a received or sent file on this disk. */
  constructor(pathOf: (transfer: string, file: number) => Promise<string>) {
    this.#pathOf = pathOf
  }

  /** `name`: `TRANSFER/FILE`. Undefined if the file is not there, or is not an image that may be shown. */
  read(name: string): Promise<{ type: string; bytes: Buffer } | undefined> {
    const [, transfer, file] = namePattern.exec(name) ?? []
    if (transfer === undefined) return Promise.resolve(undefined)
    const read = this.#lastRead.then(async () => readImage(await this.#pathOf(transfer, Number(file))))
    // Locked, unknown, moved or unreadable: the page needs no difference.
    const found = read.catch(() => undefined)
    this.#lastRead = found
    return found
  }
}

async function readImage(file: string): Promise<{ type: string; bytes: Buffer } | undefined> {
  const handle = await open(file, openFlags)
  try {
    const stats = await handle.stat()
    if (!stats.isFile() || stats.size > imageLimits.bytes) return undefined
    const bytes = Buffer.alloc(stats.size)
    const { bytesRead } = await handle.read(bytes, 0, stats.size, 0)
    const header = readImageHeader(bytes.subarray(0, bytesRead))
    return header && { type: header.type, bytes: bytes.subarray(0, header.end) }
  } finally {
    await handle.close()
  }
}
