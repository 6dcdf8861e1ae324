/** The names of what a peer remembers about itself; most values are made in identity/settings.ts. */
export type SettingKey =
  | 'seed'
  | 'name'
  | 'handle'
  | 'nodes'
  | 'nodes-learnt'
  | 'port'
  | 'record-sequence'
  | 'privacy'
  | 'former-privacy'
  /** An unfinished message to this PeerId. */
  | `draft/${string}`
  | 'unfolded'
  /** Just restored from a backup: what its peer does at the next start (backup.ts). */
  | 'restored'
  | 'backups'
  /** With the key of these backups. */
  | 'weekly-backups'
