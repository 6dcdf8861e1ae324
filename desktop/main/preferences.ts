/**
 * What a person chose about the window, in a file of the profile: read once, written whole. It is not encrypted,
 * because the language and the colours are needed before a passphrase is typed; so nothing private belongs there.
 */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { formerPrivacy, textOfChoices } from '#former-privacy'
import { languages, notificationKinds, textSizes, themes } from '../ipc/contract.ts'
import type { Preferences } from '../ipc/contract.ts'

const lockLongest = 24 * 60

const schema = z.object({
  theme: z.enum(themes),
  textSize: z.enum(textSizes),
  language: z.enum(languages),
  notifications: z.enum(notificationKinds),
  lockAfter: z.number().int().min(0).max(lockLongest),
  startAtLogin: z.boolean(),
  closeToTray: z.boolean(),
}) satisfies z.ZodType<Preferences>

/** What the window may change, in any number of its fields. */
export const preferencesPatch = schema.partial().strict()
export type PreferencesPatch = z.infer<typeof preferencesPatch>

/** And what it never sees: the folder for received files, where another than the usual one was chosen. */
const fileSchema = schema.extend({ downloads: z.string().min(1).optional() })
type Kept = z.infer<typeof fileSchema>

const usual: Preferences = {
  theme: 'system',
  textSize: 'normal',
  language: 'system',
  notifications: 'full',
  lockAfter: 0,
  startAtLogin: false,
  closeToTray: false,
}

export class PreferencesFile {
  readonly #file: string
  /** Privacy choices of a version that kept them here: written back until the profile has taken them over. */
  #former: Record<string, unknown>
  #kept: Kept

  constructor(file: string) {
    this.#file = file
    const text = textOfChoices(file)
    this.#former = formerPrivacy(text)
    this.#kept = read(text)
  }

  get value(): Preferences {
    const { downloads: _path, ...value } = this.#kept
    return value
  }

  /** A path, if one was chosen. */
  get downloads(): string | undefined {
    return this.#kept.downloads
  }

  /** The profile was opened, and has its privacy choices: the next write leaves them out. */
  privacyTakenOver(): void {
    this.#former = {}
  }

  /** A crash leaves the old file or the new one, whole. Errors: those of the disk. */
  change(patch: PreferencesPatch & { downloads?: string }): Preferences {
    this.#kept = fileSchema.parse({ ...this.#kept, ...patch })
    const fresh = `${this.#file}.new`
    const text = `${JSON.stringify({ ...this.#kept, ...this.#former }, null, 2)}\n`
    writeFileSync(fresh, text, { mode: 0o600, flush: true })
    renameSync(fresh, this.#file)
    flushFolder(path.dirname(this.#file))
    return this.value
  }
}

/** Windows has no such call and needs none. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/**
 * A file that is missing or not ours costs the choices, never the start; one choice that does not fit costs no other.
 */
function read(text: string | undefined): Kept {
  let kept: unknown
  try {
    kept = JSON.parse(text ?? '{}')
  } catch {
    // Unreadable after a crash of the disk: the usual ones do, for nothing here is about privacy.
    return usual
  }
  const all: Record<string, unknown> = { ...usual, ...(typeof kept === 'object' ? kept : {}) }
  const wrong = new Set(fileSchema.safeParse(all).error?.issues.map(({ path: [name] }) => name))
  const fitting = Object.entries(all).filter(([name]) => !wrong.has(name))
  return fileSchema.parse({ ...usual, ...Object.fromEntries(fitting) })
}
