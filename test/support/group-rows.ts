/** Rows of groups for tests of stores. */
import type { GroupRow } from '../../protocol/store/group-store.ts'

export function groupRow(group: string, changes: Partial<GroupRow> = {}): GroupRow {
  return { group, state: 'member', name: '', mark: new Uint8Array(16), createdAt: 0, muted: false, ...changes }
}
