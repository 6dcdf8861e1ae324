/** What each part of the benchmark gets. Its own file, because the parts and their list (parts.ts) both need it. */
export interface Measure {
  /** Counts so small that the figures mean nothing: the run shows only that the measurement works. */
  quick: boolean
  /** Reports what is being measured now, as one line for a person. */
  progress(what: string): void
  /** How many peers sign in at once, for each run. Undefined: the part decides. */
  peers?: readonly number[]
  /** A folder or git revision whose code is measured beside this one. */
  against?: string
}
