import type { Uint8ArrayList } from 'uint8arraylist'

/** Bytes as libp2p hands them over: one array, or several not yet joined. */
export type Bytes = Uint8Array | Uint8ArrayList
