/**
 * Invites (docs/protocol.md). A link contains all data that is needed to send its author a friend request, signed by
 * the author. A short code, for reading aloud, fetches the same link from a node. The node learns neither: Argon2id
 * derives from the code the slot in which the sealed link is parked, and the key that opens it. A code has 50 bits. A
 * guess costs 64 MiB and about 0.1 s, and the node limits the rate of guesses, so a code cannot be guessed before it
 * expires.
 */
import sodium from 'sodium-native'
import { QuorumError } from '../base/errors.ts'
import { publicKeyOf, randomBytes, sign, verify, type Identity } from './identity.ts'
import { limits } from '../base/limits.ts'
import { signedFromWire, signedToWire } from '../wire/codec.ts'
import { inviteFromWire, inviteToWire, type InviteContent } from '../wire/contact.ts'

/** A decoded invite with a valid signature. */
export interface Invite extends InviteContent {
  /** PeerId of its author. */
  peer: string
}

const scheme = 'quorum://add/'
/** Crockford's base 32: without I, L, O and U, which are easily confused. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const codeLength = 10
const slotLength = 16
const stretchSalt = Buffer.from('quorum-code-v1\0\0', 'ascii')
const stretch = { ops: 3, memory: 64 * 1024 * 1024 }

/** The link of an invite: `quorum://add/` and base64url of the signed invite. */
export function inviteToLink(identity: Identity, content: InviteContent): string {
  const signed = sign(identity, 'quorum-invite', inviteToWire(content))
  return scheme + Buffer.from(signedToWire(signed)).toString('base64url')
}

/** Errors: `bad-invite` for a link that is truncated, modified, or not an invite. */
export function inviteFromLink(link: string): Invite {
  if (link.length > limits.inviteLink) throw new QuorumError('bad-invite', 'That is too long for an invite link')
  try {
    const signed = signedFromWire(Buffer.from(link.trim().slice(scheme.length), 'base64url'))
    const peer = verify(signed, 'quorum-invite')
    return { ...inviteFromWire(signed.payload), peer }
  } catch (cause) {
    throw new QuorumError('bad-invite', 'That invite link is damaged: ask for it again', { cause })
  }
}

export function isInviteLink(text: string): boolean {
  return text.trim().toLowerCase().startsWith(scheme)
}

/** A new random code, such as `K7QF2-M9XTD`. */
export function createCode(): string {
  const code = [...randomBytes(codeLength)].map((byte) => alphabet[byte % alphabet.length]).join('')
  return `${code.slice(0, 5)}-${code.slice(5)}`
}

/**
 * The code in typed text, in any case, with or without spaces and dashes, O for 0, I and L for 1; undefined if the
 * text is not a code.
 */
export function parseCode(text: string): string | undefined {
  const code = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  if (code.length !== codeLength || [...code].some((letter) => !alphabet.includes(letter))) return undefined
  return `${code.slice(0, 5)}-${code.slice(5)}`
}

/** The slot in which the link of a code is parked, and the key that seals it there. */
export class ParkedInvite {
  /** 16 bytes. */
  readonly slot: Uint8Array
  readonly #key: Buffer

  private constructor(slot: Uint8Array, key: Buffer) {
    this.slot = slot
    this.#key = key
  }

  /** Needs about 0.1 s on a worker thread. */
  static async fromCode(code: string): Promise<ParkedInvite> {
    const out = Buffer.alloc(slotLength + sodium.crypto_secretbox_KEYBYTES)
    await new Promise<void>((resolve, reject) => {
      const { crypto_pwhash_ALG_ARGON2ID13: algorithm } = sodium
      const done = (error: Error | null): void => (error == null ? resolve() : reject(error))
      sodium.crypto_pwhash_async(
        out,
        Buffer.from(code, 'ascii'),
        stretchSalt,
        stretch.ops,
        stretch.memory,
        algorithm,
        done,
      )
    })
    return new ParkedInvite(out.subarray(0, slotLength), out.subarray(slotLength))
  }

  seal(link: string): Uint8Array {
    const nonce = Buffer.from(randomBytes(sodium.crypto_secretbox_NONCEBYTES))
    const message = Buffer.from(link, 'ascii')
    const sealed = Buffer.alloc(message.byteLength + sodium.crypto_secretbox_MACBYTES)
    sodium.crypto_secretbox_easy(sealed, message, nonce, this.#key)
    return Buffer.concat([nonce, sealed])
  }

  /** Errors: `bad-invite`. */
  open(sealed: Uint8Array): string {
    const nonce = Buffer.from(sealed.subarray(0, sodium.crypto_secretbox_NONCEBYTES))
    const box = Buffer.from(sealed.subarray(nonce.byteLength))
    if (nonce.byteLength === sodium.crypto_secretbox_NONCEBYTES && box.byteLength > sodium.crypto_secretbox_MACBYTES) {
      const link = Buffer.alloc(box.byteLength - sodium.crypto_secretbox_MACBYTES)
      if (sodium.crypto_secretbox_open_easy(link, box, nonce, this.#key)) return link.toString('ascii')
    }
    throw new QuorumError('bad-invite', 'That code does not open the invite that is parked under it')
  }
}

/** A recipient as typed by a person: a link, a code, a PeerId or a handle. */
export type Recipient =
  | { kind: 'invite'; invite: Invite }
  | { kind: 'code'; code: string }
  | { kind: 'peer'; peer: string }
  | { kind: 'handle'; handle: string }

/** Errors: `bad-invite` for a damaged link, `bad-request` for text that is none of the four. */
export function parseRecipient(text: string): Recipient {
  const trimmed = text.trim()
  if (isInviteLink(trimmed)) return { kind: 'invite', invite: inviteFromLink(trimmed) }
  if (trimmed.startsWith('12D3Koo')) {
    publicKeyOf(trimmed)
    return { kind: 'peer', peer: trimmed }
  }
  const code = parseCode(trimmed)
  if (code != null) return { kind: 'code', code }
  const handle = trimmed.replace(/^@/, '').toLowerCase()
  if (limits.handlePattern.test(handle)) return { kind: 'handle', handle }
  throw new QuorumError('bad-request', 'That is not an invite link, a code, a PeerId or a handle')
}
