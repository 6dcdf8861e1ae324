/** What a profile remembers about its backups: when one was made, and the weekly ones. */
import { z } from 'zod'
import { errorCodes } from './base/errors.ts'
import type { Store } from './store/store.ts'

const history = z.object({
  /** When the last one was made, milliseconds since the epoch. */
  lastAt: z.number().optional(),
  /** The person does not want to be reminded. */
  dismissed: z.boolean().optional(),
})

const weekly = z.object({
  /** Absolute path of the folder. */
  directory: z.string(),
  /** What encrypts them all, in hex: 32 random bytes, told as words, or made of the passphrase. */
  key: z.string(),
  /** Says where the key comes from (store/backup-format.ts), in hex. */
  preamble: z.string(),
  /** When the last one was made, milliseconds since the epoch. */
  lastAt: z.number(),
  /** Why the last attempt failed. */
  error: z.object({ code: z.enum(errorCodes), message: z.string() }).optional(),
})
export type WeeklySettings = z.infer<typeof weekly>

export class BackupSettings {
  readonly #store: Pick<Store, 'setting' | 'setSetting'>

  constructor(store: Pick<Store, 'setting' | 'setSetting'>) {
    this.#store = store
  }

  get history(): z.infer<typeof history> {
    return this.#read('backups', history) ?? {}
  }

  made(lastAt: number): void {
    this.#write('backups', { ...this.history, lastAt })
  }

  dismiss(): void {
    this.#write('backups', { ...this.history, dismissed: true })
  }

  get weekly(): WeeklySettings | undefined {
    return this.#read('weekly-backups', weekly)
  }

  set weekly(value: WeeklySettings | undefined) {
    this.#write('weekly-backups', value)
  }

  /** Undefined if there is none, or it is of a later version. */
  #read<T>(key: 'backups' | 'weekly-backups', schema: z.ZodType<T>): T | undefined {
    const stored = this.#store.setting(key)
    return stored && schema.safeParse(JSON.parse(Buffer.from(stored).toString())).data
  }

  #write(key: 'backups' | 'weekly-backups', value: object | undefined): void {
    this.#store.setSetting(key, value && Buffer.from(JSON.stringify(value)))
  }
}
