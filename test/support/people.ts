/** Identities that are the same in every run: their keys are in the fixtures. */
import { identityFromSeed } from '../../protocol/identity/identity.ts'

export const alice = await identityFromSeed(new Uint8Array(32).fill(1))
export const bob = await identityFromSeed(new Uint8Array(32).fill(2))
export const carol = await identityFromSeed(new Uint8Array(32).fill(3))
