/**
 * Opens a file of a profile by its name, in which anything may stand: another program, or another user who can write to
 * the folder, may have put a link, a pipe or a device there. A pipe would block the program, and a link would lead its
 * writes elsewhere.
 */
import { closeSync, constants, fchmodSync, fstatSync, openSync } from 'node:fs'
import { platform } from 'node:os'

const { O_APPEND, O_CREAT, O_RDONLY, O_WRONLY } = constants
// Windows has neither of these, and neither links without privileges nor pipes among files.
const [noFollow, noBlock] = [constants.O_NOFOLLOW ?? 0, constants.O_NONBLOCK ?? 0]

/** What to open it for; `follow`: through a link, too. */
export type Access = 'append' | 'read' | 'read-follow'

/**
 * Returns a descriptor of a regular file. Errors: those of `open`; `EINVAL` for everything else than a regular file.
 */
export function openRegular(file: string, access: Access): number {
  const flags = access === 'append' ? O_WRONLY | O_APPEND | O_CREAT : O_RDONLY
  const descriptor = openSync(file, flags | noBlock | (access === 'read-follow' ? 0 : noFollow), 0o600)
  if (fstatSync(descriptor).isFile()) return descriptor
  closeSync(descriptor)
  throw Object.assign(new Error('EINVAL: not a regular file'), { code: 'EINVAL' })
}

/** Takes a folder away from everybody but its owner (0700). Errors: those of `open`; `ENOTDIR` for a link. */
export function makePrivate(folder: string): void {
  // Windows opens no folder, and has no such modes.
  if (platform() === 'win32') return
  const descriptor = openSync(folder, O_RDONLY | constants.O_DIRECTORY | noFollow)
  try {
    fchmodSync(descriptor, 0o700)
  } finally {
    closeSync(descriptor)
  }
}
