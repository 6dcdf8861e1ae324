/**
 * The privacy choices of a person. This one schema defines the names for the call `setPrivacy`, the options of
 * `createPeer`, the command lines and the window. It enforces nothing: net/policy.ts and identity/privacy-in-force.ts
 * do.
 */
import { z } from 'zod'

/**
 * The peers to which direct paths are allowed. A direct path reveals the own address. `auto`: friends. `verified`:
 * friends with a compared safety number. `never`: no peer. `only`: direct paths and no circuits, for every peer.
 */
export const directModes = ['auto', 'verified', 'never', 'only'] as const
export type DirectMode = (typeof directModes)[number]

/** Some or all of the choices. Unknown fields are refused. */
export const privacyPatch = z.strictObject({
  /**
   * `verified`: only friends with a compared safety number are reached directly and receive the own address, also by
   * way of nodes that they chose. `never`: all paths lead through own nodes, and no friend receives the address.
   * `only`: no path leads through a node.
   */
  direct: z.enum(directModes).exactOptional(),
  /**
   * Announce the own LAN addresses to friends and dial theirs. Ask the local network for the codes of invites, and
   * answer for the own ones, unless `direct` is `never` or `verified`.
   */
  lan: z.boolean().exactOptional(),
  /** Ask the router to forward inbound connections to this peer. No effect if `direct` is `never`. */
  upnp: z.boolean().exactOptional(),
  /**
   * Find friends on the local network, and be found there, by multicast DNS. Every machine on that network receives the
   * PeerId and the addresses. No effect if `lan` is false or `direct` is `never` or `verified`.
   */
  mdns: z.boolean().exactOptional(),
  /** Announce to friends which of their messages were read. */
  readReceipts: z.boolean().exactOptional(),
  /** Announce to friends that this person is writing. */
  typingMarks: z.boolean().exactOptional(),
})
export type PrivacyPatch = z.infer<typeof privacyPatch>
export type Privacy = Required<PrivacyPatch>

export const privacyNames = Object.keys(privacyPatch.shape) as (keyof Privacy)[]

/** The defaults: they hold for each choice that was not made. */
export const usualPrivacy: Readonly<Privacy> = {
  direct: 'auto',
  lan: true,
  upnp: true,
  mdns: false,
  readReceipts: true,
  typingMarks: true,
}

/** The values for choices that are stored but cannot be read. */
export const mostPrivate: Readonly<Privacy> = {
  direct: 'never',
  lan: false,
  upnp: false,
  mdns: false,
  readReceipts: false,
  typingMarks: false,
}

/** Reads stored choices. Each unreadable choice is listed in `unreadable` and gets its value from `mostPrivate`. */
export function readPrivacy(stored: unknown): { chosen: PrivacyPatch; unreadable: (keyof Privacy)[] } {
  if (!isRecord(stored)) return { chosen: mostPrivate, unreadable: privacyNames }
  // A newer version may have stored choices that this version does not know.
  const known = Object.fromEntries(privacyNames.flatMap((name) => (name in stored ? [[name, stored[name]]] : [])))
  const wrong = new Set(privacyPatch.safeParse(known).error?.issues.map(({ path: [name] }) => name))
  const unreadable = privacyNames.filter((name) => wrong.has(name))
  const replaced = Object.fromEntries(unreadable.map((name) => [name, mostPrivate[name]]))
  return { chosen: privacyPatch.parse({ ...known, ...replaced }), unreadable }
}

/** The values given for one run that are still in force: a later choice replaces the others. */
export function stillHolding(given: PrivacyPatch, now: Privacy): PrivacyPatch {
  return privacyPatch.parse(
    Object.fromEntries(Object.entries(given).filter(([name, value]) => isHeld(now, name, value))),
  )
}

/** For each field the value that reveals more: only this is guaranteed while one value replaces the other. */
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
