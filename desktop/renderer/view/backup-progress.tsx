/** How far a backup is that is written or restored. Before the first number the bar has none. */
import { useApp } from '../state/state.ts'

export function BackupProgress({ label }: { label: string }) {
  const backup = useApp((state) => state.backup)
  return (
    <div className="backup-progress">
      <p role="status">{label}</p>
      <progress aria-label={label} max={backup?.total ?? 1} value={backup?.done ?? 0} />
    </div>
  )
}
