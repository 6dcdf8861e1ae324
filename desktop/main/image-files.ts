/**
 * Pictures among the files of transfers, for the page to draw: asked for by transfer and number, never by a path, and
 * answered with the checked bytes of a picture or with nothing.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { pictureIn, pictureLimits } from './image-header.ts'

/** No link is followed at the end, and a pipe that took the file's place keeps nobody waiting. */
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
const address = /^([0-9a-f-]{36})\/(\d{1,6})$/u

export class PictureFiles {
  readonly #place: (transfer: string, file: number) => Promise<string>
  /** One after the other: whatever the page asks for, one file is in memory. */
  #work: Promise<unknown> = Promise.resolve()

  /** `place`: the path of a file that is here. */
  constructor(place: (transfer: string, file: number) => Promise<string>) {
    this.#place = place
  }

  /** `name`: `TRANSFER/FILE`. Undefined for what is not there (any more), and for what is not a picture to draw. */
  read(name: string): Promise<{ type: string; bytes: Buffer } | undefined> {
    const [, transfer, file] = address.exec(name) ?? []
    if (transfer === undefined) return Promise.resolve(undefined)
    const read = this.#work.then(async () => pictureAt(await this.#place(transfer, Number(file))))
    // Locked, unknown, moved away, not to be read: for the page it is the same.
    const found = read.catch(() => undefined)
    this.#work = found
    return found
  }
}

async function pictureAt(file: string): Promise<{ type: string; bytes: Buffer } | undefined> {
  const handle = await open(file, flags)
  try {
    const stats = await handle.stat()
    if (!stats.isFile() || stats.size > pictureLimits.bytes) return undefined
    const bytes = Buffer.alloc(stats.size)
    const { bytesRead } = await handle.read(bytes, 0, stats.size, 0)
    const picture = pictureIn(bytes.subarray(0, bytesRead))
    return picture && { type: picture.type, bytes: bytes.subarray(0, picture.end) }
  } finally {
    await handle.close()
  }
}
