/**
 * What a person chose about privacy: the one schema, from which the call `setPrivacy`, the options of `createPeer`, the
 * command lines and the window take their names. It decides nothing: net/policy.ts and identity/privacy-in-force.ts
 * obey it.
 */
import { z } from 'zod'

/**
 * With whom direct paths may be used, which reveal one's address: with friends, with friends whose number was compared,
 * with nobody; or nothing else with anybody.
 */
export const directModes = ['auto', 'verified', 'never', 'only'] as const
export type DirectMode = (typeof directModes)[number]

/** Any number of the choices. Unknown fields are refused. */
export const privacyPatch = z.strictObject({
  /**
   * `verified`: only friends whose number was compared are reached directly and learn our address. `never`: through
   * nodes only, no friend learns it. `only`: never through a node.
   */
  direct: z.enum(directModes).exactOptional(),
  /** Tell friends our LAN addresses and dial theirs. */
  lan: z.boolean().exactOptional(),
  /** Ask the router to forward inbound connections to us; nothing where `direct` is `never`. */
  upnp: z.boolean().exactOptional(),
  /**
   * Find friends on the local network, and be found there, by multicast DNS: everybody there sees who and where we are.
   * Nothing where `lan` is false or `direct` is `never` or `verified`.
   */
  mdns: z.boolean().exactOptional(),
  /** Friends learn up to where their messages were read. */
  readReceipts: z.boolean().exactOptional(),
  /** Friends learn that we are writing. */
  typingMarks: z.boolean().exactOptional(),
})
export type PrivacyPatch = z.infer<typeof privacyPatch>
export type Privacy = Required<PrivacyPatch>

export const privacyNames = Object.keys(privacyPatch.shape) as (keyof Privacy)[]

/** What holds where nothing was chosen. */
export const usualPrivacy: Readonly<Privacy> = {
  direct: 'auto',
  lan: true,
  upnp: true,
  mdns: false,
  readReceipts: true,
  typingMarks: true,
}

/** What holds where it cannot be known what was chosen. */
export const mostPrivate: Readonly<Privacy> = {
  direct: 'never',
  lan: false,
  upnp: false,
  mdns: false,
  readReceipts: false,
  typingMarks: false,
}

/** The choices in a value that was kept, and the names of those that cannot be read: they are `mostPrivate`. */
export function readPrivacy(kept: unknown): { chosen: PrivacyPatch; unreadable: (keyof Privacy)[] } {
  if (!isRecord(kept)) return { chosen: mostPrivate, unreadable: privacyNames }
  // A newer version may keep more than is known here.
  const known = Object.fromEntries(privacyNames.flatMap((name) => (name in kept ? [[name, kept[name]]] : [])))
  const wrong = new Set(privacyPatch.safeParse(known).error?.issues.map(({ path: [name] }) => name))
  const unreadable = privacyNames.filter((name) => wrong.has(name))
  const replaced = Object.fromEntries(unreadable.map((name) => [name, mostPrivate[name]]))
  return { chosen: privacyPatch.parse({ ...known, ...replaced }), unreadable }
}

/** Of values that were given for one run, those that hold still: a later choice ends the others. */
export function stillHolding(given: PrivacyPatch, now: Privacy): PrivacyPatch {
  return privacyPatch.parse(
    Object.fromEntries(Object.entries(given).filter(([name, value]) => isHeld(now, name, value))),
  )
}

/** Field by field, the choice that reveals more: what can be vouched for while one replaces the other. */
export function lessPrivate(a: Privacy, b: Privacy): Privacy {
  const order: readonly DirectMode[] = ['only', 'auto', 'verified', 'never']
  const revealing = order.indexOf(a.direct) < order.indexOf(b.direct) ? a.direct : b.direct
  return {
    direct: revealing,
    lan: a.lan || b.lan,
    upnp: a.upnp || b.upnp,
    mdns: a.mdns || b.mdns,
    readReceipts: a.readReceipts || b.readReceipts,
    typingMarks: a.typingMarks || b.typingMarks,
  }
}

function isHeld(now: Privacy, name: string, value: unknown): boolean {
  return privacyNames.some((known) => known === name && now[known] === value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
