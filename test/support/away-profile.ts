/** The profile of a person of test/support/away-world.ts, of which copies and backups are made and put back. */
import fs from 'node:fs'
import path from 'node:path'
import { randomUUID } from 'node:crypto'
import type { PeerEvent } from '../../protocol/api/events.ts'
import { beginMailAnew } from '../../protocol/chat/restored.ts'
import { leftOut } from '../../protocol/store/left-out.ts'
import { Database } from '../../protocol/store/database.ts'
import { migrate, migrations } from '../../protocol/store/migrations.ts'
import type { Store } from '../../protocol/store/store.ts'
import { storeOn } from '../../protocol/store/tables.ts'

export interface Snapshot {
  file: string
  key: Uint8Array | undefined
}

export class Person {
  readonly self: string
  readonly peer: string
  readonly folder: string
  readonly events: PeerEvent[] = []
  /** Ids of messages that were taken back. */
  readonly recalled = new Set<string>()
  /** What its clock is off by. */
  skew = 0
  /** Its version knows parcels. */
  current = true
  /** How often its profile was replaced by another state of it; copies of its folder went on beside each other. */
  replaced = 0
  copied = false
  database!: Database
  raw!: Store
  #now: Snapshot
  /** A second living copy of the profile. */
  other: Snapshot | undefined

  constructor(folder: string, self: string, peer: string) {
    this.folder = folder
    this.self = self
    this.peer = peer
    this.#now = { file: this.#newFile(), key: undefined }
    this.open()
    const row = { peer, name: 'friend', state: 'friend', verified: true, invited: false, addedAt: 1 } as const
    const unknown = { nodes: [], addresses: [], heardSequence: 0, spokenSequence: 0, recordSequence: 0 }
    this.raw.putFriend({ ...row, ...unknown })
  }

  open(): void {
    this.database = new Database(this.#now.file, this.#now.key)
    // No machine loses its power here.
    this.database.exec('PRAGMA synchronous = OFF')
    migrate(this.database, migrations, () => {})
    this.raw = storeOn(this.database)
  }

  snapshot(): Snapshot {
    const file = this.#newFile()
    this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    fs.copyFileSync(this.#now.file, file)
    return { file, key: this.#now.key }
  }

  /** An older copy of the folder. */
  putBack({ file, key }: Snapshot): void {
    this.#replace({ file: this.#newFile(), key })
    this.raw.close()
    fs.copyFileSync(file, this.#now.file)
    this.open()
    this.copied = true
  }

  /** A backup that was made when `from` was the profile. */
  restore(from: Snapshot, now: number): void {
    const restored = this.#newFile()
    fs.copyFileSync(from.file, restored)
    const database = new Database(restored, from.key)
    leftOut(database)
    database.close()
    this.raw.close()
    this.#replace({ file: restored, key: from.key })
    this.open()
    this.raw.transaction(() => beginMailAnew(this.raw, now))
  }

  /** The other one of two living copies. */
  swap(): void {
    if (this.other === undefined) return
    this.raw.close()
    const { other } = this
    this.other = this.#now
    this.#now = other
    this.open()
  }

  #replace(by: Snapshot): void {
    this.#now = by
    this.replaced += 1
  }

  #newFile(): string {
    return path.join(this.folder, `${randomUUID()}.db`)
  }

  /** Grows with everything that is stored. */
  get changes(): number {
    return this.database.get<{ changes: number }>('SELECT total_changes() AS changes')?.changes ?? 0
  }

  /** In the order in which they came. */
  messages(direction: 'in' | 'out'): { id: string; text: string; state: string }[] {
    const own = 'SELECT id, text, state FROM message WHERE peer = ? AND direction = ? ORDER BY position'
    return this.database.all(own, this.peer, direction)
  }
}
