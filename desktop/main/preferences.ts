/**
 * What a person chose about the window, in a file of the profile: read once, written whole. It is not encrypted, because
 * the language and the colours are needed before a passphrase is typed; so nothing private belongs there.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { directChoices, languages, notificationKinds, textSizes, themes } from '../ipc/contract.ts'
import type { Preferences } from '../ipc/contract.ts'

const lockLongest = 24 * 60

const schema = z.object({
  theme: z.enum(themes),
  textSize: z.enum(textSizes),
  language: z.enum(languages),
  notifications: z.enum(notificationKinds),
  direct: z.enum(directChoices),
  lan: z.boolean(),
  readReceipts: z.boolean(),
  typingMarks: z.boolean(),
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
  direct: 'auto',
  lan: true,
  readReceipts: true,
  typingMarks: true,
  lockAfter: 0,
  startAtLogin: false,
  closeToTray: false,
}

export class PreferencesFile {
  readonly #file: string
  #kept: Kept

  constructor(file: string) {
    this.#file = file
    this.#kept = read(file)
  }

  get value(): Preferences {
    const { downloads: _path, ...value } = this.#kept
    return value
  }

  /** A path, if one was chosen. */
  get downloads(): string | undefined {
    return this.#kept.downloads
  }

  /** Errors: those of the disk. */
  change(patch: PreferencesPatch & { downloads?: string }): Preferences {
    this.#kept = fileSchema.parse({ ...this.#kept, ...patch })
    const fresh = `${this.#file}.new`
    writeFileSync(fresh, `${JSON.stringify(this.#kept, null, 2)}\n`, { mode: 0o600 })
    renameSync(fresh, this.#file)
    return this.value
  }
}

/**
 * A file that is missing or not ours costs the choices, never the start; one choice that does not fit costs no other:
 * whoever hides must not be seen because of a colour.
 */
function read(file: string): Kept {
  let kept: unknown
  try {
    kept = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // Missing at the first start; unreadable after a crash of the disk: the usual ones do.
    return usual
  }
  const all: Record<string, unknown> = { ...usual, ...(typeof kept === 'object' ? kept : {}) }
  // It was yes or no once: whoever was hidden stays hidden.
  if (typeof all['direct'] === 'boolean') all['direct'] = all['direct'] ? 'auto' : 'never'
  const wrong = new Set(fileSchema.safeParse(all).error?.issues.map(({ path: [name] }) => name))
  const fitting = Object.entries(all).filter(([name]) => !wrong.has(name))
  return fileSchema.parse({ ...usual, ...Object.fromEntries(fitting) })
}
