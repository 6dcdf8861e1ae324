/**
 * The settings of the window, in a file of the profile. The file is not encrypted, because the language and the theme
 * are needed before the passphrase is typed. So it contains nothing private.
 */
import { z } from 'zod'
import { replaceFile } from '#protocol'
import { formerPrivacy, textOfChoices } from '#former-privacy'
import { languages, notificationKinds, textSizes, themes } from '../ipc/contract.ts'
import type { Preferences } from '../ipc/contract.ts'

/** Minutes. */
const maxLockAfter = 24 * 60
/** Minutes, until the person chooses: the profile of a person who set a passphrase is not left open. */
const usualLockAfter = 15

const schema = z.object({
  theme: z.enum(themes),
  textSize: z.enum(textSizes),
  language: z.enum(languages),
  notifications: z.enum(notificationKinds),
  lockAfter: z.number().int().min(0).max(maxLockAfter),
  startAtLogin: z.boolean(),
  closeToTray: z.boolean(),
}) satisfies z.ZodType<Preferences>

const { shape } = schema
/** The fields that the window may change. One that is there has a value: `undefined` would bring back a default. */
export const preferencesPatch = z.strictObject({
  theme: shape.theme.exactOptional(),
  textSize: shape.textSize.exactOptional(),
  language: shape.language.exactOptional(),
  notifications: shape.notifications.exactOptional(),
  lockAfter: shape.lockAfter.exactOptional(),
  startAtLogin: shape.startAtLogin.exactOptional(),
  closeToTray: shape.closeToTray.exactOptional(),
} satisfies Record<keyof Preferences, z.ZodType>)
export type PreferencesPatch = z.infer<typeof preferencesPatch>

/**
 * The content of the file. `lockAfter` is there only if it was chosen. The window never sees `downloads`, the folder
 * for received files if one was chosen.
 */
const fileSchema = schema.extend({
  lockAfter: shape.lockAfter.optional(),
  downloads: z.string().min(1).optional(),
})
type StoredPreferences = z.infer<typeof fileSchema>

const defaults: StoredPreferences = {
  theme: 'system',
  textSize: 'normal',
  language: 'system',
  notifications: 'full',
  startAtLogin: false,
  closeToTray: false,
}

export class PreferencesFile {
  readonly #file: string
  /** Privacy choices that an older version stored here. They stay in the file until the profile has taken them over. */
  #former: Record<string, unknown>
  #stored: StoredPreferences

  constructor(file: string) {
    this.#file = file
    const text = textOfChoices(file)
    this.#former = formerPrivacy(text)
    this.#stored = parse(text)
  }

  get value(): Preferences {
    const { downloads: _path, lockAfter = usualLockAfter, ...value } = this.#stored
    return { ...value, lockAfter }
  }

  /** A path; undefined if none was chosen. */
  get downloads(): string | undefined {
    return this.#stored.downloads
  }

  /** The profile has the privacy choices now, so the next write removes them from the file. */
  privacyTakenOver(): void {
    this.#former = {}
  }

  /**
   * The profile has no passphrase, so nothing that is stored about locking was chosen for the next one. (Older versions
   * stored "never" without being asked.)
   */
  withoutPassphrase(): void {
    if (this.#stored.lockAfter === undefined) return
    const { lockAfter: _choice, ...rest } = this.#stored
    this.#stored = rest
    this.change({})
  }

  /** Writes the file. After a crash, the file has either its old or its new content. Errors: those of the disk. */
  change(patch: PreferencesPatch & { downloads?: string }): Preferences {
    this.#stored = fileSchema.parse({ ...this.#stored, ...patch })
    replaceFile(this.#file, `${JSON.stringify({ ...this.#stored, ...this.#former }, null, 2)}\n`)
    return this.value
  }
}

/** A missing or unreadable file gives the defaults, and so does each invalid field: Quorum always starts. */
function parse(text: string | undefined): StoredPreferences {
  let stored: unknown
  try {
    stored = JSON.parse(text ?? '{}')
  } catch {
    // The file is damaged. The defaults are safe: no field here is about privacy.
    return defaults
  }
  const all: Record<string, unknown> = { ...defaults, ...(typeof stored === 'object' ? stored : {}) }
  const invalid = new Set(fileSchema.safeParse(all).error?.issues.map(({ path: [name] }) => name))
  const valid = Object.entries(all).filter(([name]) => !invalid.has(name))
  return fileSchema.parse({ ...defaults, ...Object.fromEntries(valid) })
}
