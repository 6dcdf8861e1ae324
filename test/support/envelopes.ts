/** Envelopes encoded for tests: valid ones of any identity, and invalid ones. */
import { publicKeyOf, sign, type Domain, type Identity } from '../../protocol/identity/identity.ts'
import { sealBox } from '../../protocol/identity/sealing.ts'
import { signedToWire, type SignedBytes } from '../../protocol/wire/codec.ts'
import { contactToWire, sealedToWire, type ContactContent } from '../../protocol/wire/contact.ts'

export interface Forgery {
  /** PeerId that the content names as its recipient. */
  to?: string
  /** PeerId for which it is sealed. */
  sealedFor?: string
  sequence?: number
  token?: Uint8Array
  note?: string
  nodes?: string[]
  domain?: Domain
  kind?: 'request' | 'answer'
  tamper?: (signed: SignedBytes) => SignedBytes
}

/** A request of `from` for `peer`, valid except for the changes in `forgery`. */
export function envelope(from: Identity, peer: string, forgery: Forgery = {}): Uint8Array {
  const { to = peer, sealedFor = peer, sequence = 1000, token, domain = 'quorum-envelope', kind = 'request' } = forgery
  const what =
    kind === 'answer' ? { kind } : { kind, note: forgery.note ?? 'let me in', ...(token == null ? {} : { token }) }
  const content: ContactContent = {
    to: publicKeyOf(to),
    sequence,
    time: Date.now(),
    name: 'Mallory',
    nodes: forgery.nodes ?? [],
    addresses: [],
    ...what,
  }
  const signed = sign(from, domain, contactToWire(content))
  return sealedToWire(sealBox(signedToWire(forgery.tamper?.(signed) ?? signed), sealedFor, undefined))
}
