/** Sizes and rates of groups. Units are those of base/limits.ts. */

export const groupLimits = {
  /** Decisions that wait for those that they name. */
  waiting: 256,
  /** Heads that a decision names; who knows more names some of them. */
  heads: 128,
} as const
