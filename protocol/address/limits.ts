/** Numbers of addresses. Units are those of base/limits.ts. */
export const addressLimits = {
  /** Addresses stored of one node: two networks, the loopback, and the newest, which replaces one of them. */
  nodeAddresses: 4,
  /** Addresses stored of one node besides, because it says that it has them: TCP and WebSocket, each in both IPs. */
  nodeAddressesLearnt: 4,
  /**
   * Bits of the network that counts as the one that an interface is in, at least: a home has 24 or 64. What an office
   * or a carrier calls one network (10.0.0.0/8) has machines in it that a friend must not choose among.
   */
  widestNetwork4: 24,
  widestNetwork6: 64,
} as const
