/**
 * Images among the files of transfers and those that wait to be sent, for the page to show. The page asks by transfer
 * and number, or by the id of a staged file, never by a path. The answer is the checked bytes of an image, or nothing.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { imageLimits, readImageHeader } from './image-header.ts'

/** Does not follow a link at the end of the path, and does not block if a pipe has replaced the file. */
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
/** `TRANSFER/FILE`: a UUID, and the number of the file in its transfer. `staged/ID`: a UUID. */
const namePattern = /^(?:([0-9a-f-]{36})\/(\d{1,6})|staged\/([0-9a-f-]{36}))$/u

export interface ImageFilesSetup {
  /** The path of a received or sent file on this disk. */
  pathOf: (transfer: string, file: number) => Promise<string>
  /** The path of a file that waits to be sent. Errors: `not-found`. */
  stagedPath: (id: string) => string
}

export class ImageFiles {
  readonly #setup: ImageFilesSetup
  /** The last read. Reads run one after the other, so at most one file is in memory, however many the page asks for. */
  #lastRead: Promise<unknown> = Promise.resolve()

  constructor(setup: ImageFilesSetup) {
    this.#setup = setup
  }

  /** `name`: `TRANSFER/FILE` or `staged/ID`. Undefined if the file is not there, or no image that may be shown. */
  read(name: string): Promise<{ type: string; bytes: Buffer } | undefined> {
    const [, transfer, file, staged] = namePattern.exec(name) ?? []
    const read = this.#lastRead.then(async () => {
      if (staged !== undefined) return readImage(this.#setup.stagedPath(staged))
      return transfer === undefined ? undefined : readImage(await this.#setup.pathOf(transfer, Number(file)))
    })
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
