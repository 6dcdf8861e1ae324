/** Numbers of addresses. Units are those of base/limits.ts. */
export const addressLimits = {
  /** Addresses stored of one node: two networks, the loopback, and the newest, which replaces one of them. */
  nodeAddresses: 4,
} as const
