/** Numbers of addresses. Units are those of base/limits.ts. */
export const addressLimits = {
  /** Addresses kept of one node: two networks, the loopback, and the newest that replaces one of them. */
  nodeAddresses: 4,
} as const
