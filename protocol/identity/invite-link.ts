/**
 * Invites (docs/protocol.md). A link contains all data that is needed to send its author a friend request, signed by
 * the author. A short code, for reading aloud, fetches the same link from a node, or from its author in the same local
 * network. Neither node nor network learns code or link: Argon2id derives from the code the slot in which the sealed
 * link is parked, and the key that opens it. A code has 50 bits. A guess costs 64 MiB and about 0.1 s, also for who has
 * the sealed link, so a code cannot be guessed before it expires.
 */
import sodium from 'sodium-native'
import { QuorumError } from '../base/errors.ts'
import { randomBytes, sign, verify, type Identity } from './identity.ts'
import { limits } from '../base/limits.ts'
import { signedFromWire, signedToWire } from '../wire/codec.ts'
import { inviteFromWire, inviteToWire, type InviteContent } from '../wire/contact.ts'

/** A decoded invite with a valid signature. */
export interface Invite extends InviteContent {
  /** PeerId of its author. */
  peer: string
}

/** What a link begins with. */
export const scheme = 'quorum://add/'
/** Crockford's base 32: without I, L, O and U, which are easily confused. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const codeLength = 10
/** What people write between and around the letters of a code; the `@` of a mail address is none of it. */
const separators = /[^\p{L}\p{N}@]|\u30fc/gu
/** Three words or more. */
const sentence = /^\p{L}+(?:\s+\p{L}+){2,}$/u
const twoGroups = /^[0-9a-z]{4,6}[\s\p{Pd}\u2212._]+[0-9a-z]{4,6}$/iu
const slotLength = 16
const stretchSalt = Buffer.from('quorum-code-v1\0\0', 'ascii')
const lanLabel = Buffer.from('quorum-code-lan-1', 'ascii')
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

/** A new random code, such as `K7QF2-M9XTD`. */
export function createCode(): string {
  const code = [...randomBytes(codeLength)].map((byte) => alphabet[byte % alphabet.length]).join('')
  return `${code.slice(0, 5)}-${code.slice(5)}`
}

/**
 * The code in typed text, in any case, with or without blanks, dashes and full stops, O for 0, I and L for 1; undefined
 * if the text is not a code.
 */
export function parseCode(text: string): string | undefined {
  if (sentence.test(text.trim())) return undefined
  const code = codeLetters(text).toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  if (code.length !== codeLength || [...code].some((letter) => !alphabet.includes(letter))) return undefined
  return `${code.slice(0, 5)}-${code.slice(5)}`
}

/**
 * The text has the shape of a code, with up to two letters too few or too many, or with a letter that no code has: two
 * groups, or letters after digits. Random letters look so, and names hardly do.
 */
export function looksLikeCode(text: string): boolean {
  if (parseCode(text) !== undefined) return true
  const letters = codeLetters(text)
  if (!/^[0-9a-z]*$/iu.test(letters) || Math.abs(letters.length - codeLength) > 2) return false
  return looksLikeTwoGroups(text) || /\d[a-z]/iu.test(letters)
}

/** Two groups of four to six letters and digits. */
export function looksLikeTwoGroups(text: string): boolean {
  return twoGroups.test(text.trim())
}

/** The first half of a code, sent too early. Short names with a digit within look so, too. */
export function looksLikeHalf(text: string): boolean {
  return /^[0-9a-z]{5}[\p{Pd}\u2212]?$/iu.test(text) && /\d[a-z]|[^\w]$/iu.test(text)
}

/** Why a text that looks like a code is none: as a clause about it, and as a `part` of an error. */
export function codeFault(text: string): { clause: string; part: 'code-letter' | 'code-length' } {
  const { length } = codeLetters(text)
  if (length === codeLength) return { clause: 'a code has no U', part: 'code-letter' }
  return { clause: `a code has ${codeLength} letters and digits, and this has ${length}`, part: 'code-length' }
}

function codeLetters(text: string): string {
  return text.replaceAll(separators, '')
}

/** The slots under which the link of a code is found, and the key that seals it there. */
export class ParkedInvite {
  /** 16 bytes. */
  readonly slot: Uint8Array
  /** 16 bytes: the slot in the local network. Who knows only one of the two, as a node does, cannot tell the other. */
  readonly lanSlot: Uint8Array
  readonly #key: Buffer

  private constructor(slot: Uint8Array, key: Buffer) {
    this.slot = slot
    this.#key = key
    const lanSlot = Buffer.alloc(slotLength)
    sodium.crypto_generichash(lanSlot, lanLabel, key)
    this.lanSlot = lanSlot
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
