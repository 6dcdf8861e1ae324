/** HPKE as it behaves, without its cost: it opens with the right seed only, and fails where the real one would. */
import { QuorumError } from '../../protocol/base/errors.ts'
import { sealingBytes, type Hpke } from '../../protocol/identity/hpke.ts'
import { digest, randomBytes } from '../../protocol/identity/identity.ts'
import { hybridKeyBytes } from '../../protocol/wire/sealing-key.ts'

const nameBytes = 32

export const fastHpke: Hpke = {
  async createKeyPair() {
    const seed = randomBytes(32)
    return { seed, publicKey: publicKeyOf(seed) }
  },

  async seal(bytes, publicKey, purpose, bound) {
    const head = new Uint8Array(sealingBytes)
    head.set(publicKey.subarray(0, nameBytes))
    head.set(tag(bytes, purpose, bound), nameBytes)
    return new Uint8Array(Buffer.concat([head, bytes]))
  },

  async open(sealed, seed, purpose, bound) {
    const bytes = sealed.subarray(sealingBytes)
    const head = Buffer.concat([publicKeyOf(seed).subarray(0, nameBytes), tag(bytes, purpose, bound)])
    if (!head.equals(sealed.subarray(0, head.byteLength))) {
      throw new QuorumError('verification-failed', 'It is not sealed to this key')
    }
    return bytes
  },
}

function publicKeyOf(seed: Uint8Array): Uint8Array {
  const key = new Uint8Array(hybridKeyBytes)
  key.set(digest(seed))
  return key
}

function tag(bytes: Uint8Array, purpose: string, bound: Uint8Array): Uint8Array {
  return digest(Buffer.concat([Buffer.from(purpose), bound, bytes]))
}
