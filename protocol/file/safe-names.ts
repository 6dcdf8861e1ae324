/**
 * Makes the file names that a peer offers harmless. It works on text alone, with one set of rules for Linux, macOS and
 * Windows, so that a folder received on one can be moved to another. Threats 51 and 52.
 *
 * Three kinds of characters do not pass. Characters that a file system or a terminal acts on (separators, controls,
 * `<>:"|?*`) become `_`, so that the replacement is visible. Invisible characters (bidi controls, zero width, tags) are
 * removed, so that the name is what it looks like. Code points that are no characters (lone surrogates, unassigned code
 * points, whose case and normal form are unknown) become `_`.
 *
 * It refuses nothing: every name becomes some name. It does not know the disk: the caller must create the file without
 * overwriting, and get another name from `numbered`. Letters that look like others, and the full-width and mathematical
 * variants of slash and colon, stay: people and programs write them on purpose, and no file system reads them as such.
 */
import { blank, marksBeyond, unseenRemover } from '../base/foreign-text.ts'
import { limits } from '../base/limits.ts'

/**
 * Longest component, in UTF-8 bytes: ext4, APFS and most others. That is within NTFS's 255 UTF-16 units too, because no
 * character has more units than bytes.
 */
const nameMost = 255
/**
 * UTF-16 units of a longer name that are processed, half at its beginning and half at its end: more than the result can
 * hold, and few enough to be fast.
 */
const unitsProcessed = 1024
/**
 * Longest extension that stays when a name is cut, in bytes: `.tar.zst` and `.code-workspace` fit, no sentence does.
 */
const extensionMost = 40
/** Bytes reserved for any number, so that a name is cut at the same position whatever its number. */
const numberRoom = ` (${Number.MAX_SAFE_INTEGER})`.length
/** Folders in a path: with the file 64 components, more than any tree that people or build tools make. */
const depthMost = 63
/**
 * Path of a folder, in bytes. With its slash and the longest name 896: macOS allows 1024 for a whole path, which leaves
 * 128 for the folder that the receiver chose. The topmost folder and one below it fit, whatever their names.
 */
const folderMost = 640
/**
 * Folders that only paths of files name, in all: as many as files. Without a bound, 64 MiB of manifest name 30 million
 * of them, and each costs memory and an inode.
 */
const foldersMost = limits.transferFiles

/** Names in which nothing has to be replaced: most names by far, recognised fast. */
const plain = /^[\w !#$%&'()+,.;=@[\]^`{}~-]*$/

/**
 * Acted upon, or no character. WSL, Cygwin and SMB map forbidden characters to U+F000 to U+F0FF, and show them as the
 * originals. U+226E and U+226F decompose into `<` and `>` on HFS+.
 */
const forbidden = /[\p{Cc}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\uf000-\uf0ff\u226e\u226f/\\<>:"|?*]/gu

/**
 * Removes invisible characters, unless a script needs them in their position. Nothing else stays: a name is one line,
 * and it needs no direction marks.
 */
export const withoutUnseen = unseenRemover('')
/** What ext4 drops before it compares two names. */
export const ignorable = /\p{DI}/gu
/** More marks than any script stacks on one letter (Tibetan: nine); more of them cover the names around. */
const stackedMarks = marksBeyond(16)

// The lookbehind makes these linear: without it, the match would be tried at each blank of a long run.
const leading = new RegExp(`^[${blank}]+`, 'u')
export const trailing = new RegExp(`(?<![${blank}.])[${blank}.]+$`, 'u')

/** Windows opens a device for these names with any extension and in every folder. NFKC has turned `¹` into `1`. */
const device = /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9])\s*(?:\.|$)/u
/** The short name that Windows gives a file besides its own (`PROGRA~1.TXT`): it would open that file. */
const shortName = /^(?=[^.]{2,8}(?:\.|$))([^.\s]*)~([0-9]+(?:\.[^.\s]{1,3})?)$/u
/** How Quorum's own names in the receiver's folder begin: staging folders. */
const ownPrefix = '.quorum-'

/** Without blanks and brackets, so that no number that `numbered` writes is ever part of an extension. */
const extensionPattern = /(?<=.)(?:\.tar)?\.[\p{L}\p{M}\p{N}_+~-]{1,39}$/isu

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
const utf8 = new TextEncoder()
const scratch = new Uint8Array(nameMost)

/**
 * One component of a path, made harmless: not empty, at most 255 bytes of UTF-8, NFC, without blanks around it. When a
 * name is too long, its extension stays, and no grapheme is cut unless it is too long by itself. A name that is safe
 * already comes back unchanged.
 *
 * @example safeComponent('../CON:\u202egpj.exe') // '.._CON_gpj.exe'
 */
export function safeComponent(name: string): string {
  const shown = trimmed(visible(bounded(name)))
  return unreserved(byteLength(shown) > nameMost ? shortened(shown) : shown || '_')
}

/**
 * The relative paths of a manifest as safe relative paths, in the same order. Components are separated by slashes; a
 * slash at the end marks a folder, in both.
 *
 * - Empty components and `.` before the name are skipped; all others become names below the root, `..` and `C:` too.
 * - No two files, and no file and folder, get names that are the same on any file system: the later one is numbered.
 * - One folder of the sender is one folder here, whichever of its files comes first; two of them never become one. A
 *   folder listed twice is the same folder twice.
 * - At most 64 components and 896 bytes. A folder that would be deeper, or whose own path with a number might exceed
 *   640 bytes, moves up into the topmost folder of its path, with its contents.
 * - After 250,000 folders that only paths of files name, no more are created: their contents move up.
 */
export function safePaths(paths: readonly string[]): string[] {
  return paths.map(pathNamer())
}

/** The same, one path at a time: hostile ones can take seconds in all. */
export function pathNamer(): (path: string) => string {
  const root = new Folder()
  // By the path before the name: the files of one folder need not look it up component by component.
  const found = new Map<string, Folder>()
  let implied = 0

  const find = (before: string): Folder => {
    let folder = root
    for (const part of before.split('/')) {
      if (part === '' || part === '.') continue
      let next = folder.known(part)
      if (next === undefined) {
        if (implied === foldersMost) break
        implied += 1
        next = folder.open(part)
      }
      folder = next
    }
    return folder
  }

  return (path) => {
    const end = path.endsWith('/') ? path.length - 1 : path.length
    const start = path.lastIndexOf('/', end - 1) + 1
    const before = path.slice(0, start)
    const name = path.slice(start, end)
    let folder = found.get(before)
    if (folder === undefined) found.set(before, (folder = find(before)))
    return end < path.length ? `${(folder.known(name) ?? folder.open(name)).path}/` : folder.file(name)
  }
}

/**
 * `name (2).ext`: another name for a safe name that is taken, safe as well. `n`: a whole number from 2. The name is cut
 * at the same position for every number.
 */
export function numbered(name: string, n: number): string {
  const { stem, extension } = split(name)
  return `${cut(stem, nameMost - numberRoom - byteLength(extension))} (${n})${extension}`
}

/** A folder of the sender, and its path here. */
class Folder {
  /** Safe path without a slash at the end; empty for the root. */
  readonly path: string
  readonly #bytes: number
  readonly #depth: number
  /** Topmost folder of the path: folders that are too deep move there. */
  readonly #top: Folder
  /** Its folders, by the names that the sender gave them. */
  readonly #folders = new Map<string, Folder>()
  /**
   * Names that are used, in the form of `sameName`, each with the highest number given in the sequence of numbered
   * names that begins with it. So a thousand equal names are numbered in a thousand steps and not in half a million.
   */
  readonly #taken = new Map<string, number>()

  constructor(path = '', parent?: Folder) {
    this.path = path
    this.#bytes = byteLength(path)
    this.#depth = parent === undefined ? 0 : parent.#depth + 1
    this.#top = parent === undefined || parent.#depth === 0 ? this : parent.#top
  }

  known(part: string): Folder | undefined {
    return this.#folders.get(part)
  }

  /** Adds a folder that is not known yet. */
  open(part: string): Folder {
    const name = safeComponent(part)
    const most = this.#bytes + 1 + Math.min(nameMost, byteLength(name) + numberRoom)
    const parent = this.#depth >= depthMost || most > folderMost ? this.#top : this
    const folder = new Folder(parent.#claim(name), parent)
    this.#folders.set(part, folder)
    return folder
  }

  /** Adds a file; returns its safe path. */
  file(name: string): string {
    return this.#claim(safeComponent(name))
  }

  #claim(name: string): string {
    let own = name
    let key = sameName(name)
    if (this.#taken.has(key)) {
      const first = sameName(numbered(name, 2))
      let n = this.#taken.get(first) ?? 1
      do {
        n += 1
        own = numbered(name, n)
        key = sameName(own)
      } while (this.#taken.has(key))
      this.#taken.set(first, n)
    }
    // After the line above: if the two are one name, its sequence is at 2 in either case.
    this.#taken.set(key, 2)
    return this.path === '' ? own : `${this.path}/${own}`
  }
}

/**
 * Equal for names that some file system takes for the same. Compatibility forms are folded (NFKD), because ZFS can be
 * configured to do so and because `ﬁ` beside `fi` misleads people. Ignorables are dropped, as by ext4. Lower case and
 * then upper case unites ß, ẞ and ss as APFS does, and ı and i as older tables do. If this is too strict, a name gets a
 * number; if it is too lenient, a file is lost.
 */
function sameName(name: string): string {
  if (plain.test(name)) return name.toUpperCase()
  return name.normalize('NFKD').replace(ignorable, '').toLowerCase().toUpperCase()
}

/** The part of a name that is processed. */
export function bounded(name: string): string {
  return name.length > unitsProcessed ? name.slice(0, unitsProcessed / 2) + name.slice(-unitsProcessed / 2) : name
}

/**
 * NFC, without invisible characters that are not needed. Removing one joins letters and marks that it separated, so the
 * name is composed once more.
 */
function visible(name: string): string {
  if (plain.test(name)) return name
  const shown = composed(name).replace(forbidden, '_')
  const seen = withoutUnseen(shown)
  return seen === shown ? shown : composed(seen)
}

/** NFC. Marks are cut before they are sorted, because that takes the square of their number; sorting may add some. */
function composed(name: string): string {
  const cut = name.replace(stackedMarks, '')
  const ordered = cut.normalize('NFC')
  return ordered === cut ? cut : ordered.replace(stackedMarks, '')
}

function trimmed(name: string): string {
  return name.replace(leading, '').replace(trailing, '')
}

function unreserved(name: string): string {
  const folded = name.normalize('NFKC').toLowerCase()
  if (folded.startsWith(ownPrefix)) return `_${name.slice(1)}`
  if (device.test(folded)) {
    const other = `_${name}`
    return byteLength(other) > nameMost ? shortened(other) : other
  }
  return name.includes('~') ? name.replace(shortName, '$1_$2') : name
}

function shortened(name: string): string {
  const { stem, extension } = split(name)
  return cut(stem, nameMost - byteLength(extension)) + extension
}

/** The extension begins with its dot, or is empty. The stem is empty only if the name is. */
function split(name: string): { stem: string; extension: string } {
  const extension = extensionPattern.exec(name)?.[0] ?? ''
  if (extension === '' || byteLength(extension) > extensionMost) return { stem: name, extension: '' }
  return { stem: name.slice(0, -extension.length), extension }
}

/** The whole graphemes of `stem` that fit into `room` bytes, at most 255; not empty and without blanks at the end. */
function cut(stem: string, room: number): string {
  if (byteLength(stem) <= room) return stem || '_'
  const { read } = utf8.encodeInto(stem, scratch.subarray(0, room))
  // The next code point decides whether a grapheme ends here.
  const end = graphemes.segment(stem.slice(0, read + 2)).containing(read)?.index ?? 0
  // A single grapheme that does not fit is cut like text, but not after a joiner that then joins nothing.
  const fitting = end > 0 ? stem.slice(0, end) : stem.slice(0, read).replace(/\p{DI}+$/u, '')
  return fitting.replace(trailing, '') || '_'
}

/** In UTF-8. */
function byteLength(text: string): number {
  return Buffer.byteLength(text)
}
