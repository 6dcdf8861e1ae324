/** Bounds of decoded messages. Units are those of base/limits.ts. */
import { KiB, MiB } from '../base/units.ts'

export const wireLimits = {
  /** The list of files, in bytes: limits.transferFiles of them with long paths. */
  manifest: 64 * MiB,
  /** The part of the list that is sent in the offer: with its padding it fits a chat frame. */
  offerEntries: 160 * KiB,
  /** Files that an offer names although they could not be offered, and the bytes of their paths; more are counted. */
  leftOut: { files: 100, bytes: 24 * KiB },
  /** Peers that a node is asked about in one call: with its keys and fields it fits a directory frame. */
  peersTogether: 400,
  /** A parcel, sealed: the largest message body (an offer) must fit, or all behind it would wait. */
  parcel: 256 * KiB,
  /** What a hello says at most: features, one-time keys, parcels that do not open. */
  features: 64,
  oneTimeKeys: 50,
  unopened: 16,
  /** Tickets of one peer: as many as it may have friends. */
  tickets: 5000,
  /** Parcels that one call names. */
  parcelsTogether: 400,
  /** A decision and an entry of a group, signed, and what they name at most. */
  groupSigned: 256 * KiB,
  groupHeads: 128,
  groupUndo: 256,
  chainEnds: 2000,
  /** The picture of a group. */
  picture: 64 * KiB,
  /** The message of an error, in characters: one sentence. */
  errorMessage: 500,
  /** A frame of a group: 100 members with 64 chains each fit in what a member tells of what it holds. */
  groupFrame: 1 * MiB,
  /** Decisions or cards in one frame, and entries: the signature of each is checked at once. */
  groupSignatures: 1024,
  groupEntries: 64,
  /** Groups that a hello names, with the random tags beside them. */
  groupTags: 128,
  /** Hashes of a chain that are compared at once, 32 bytes each. */
  groupHashes: 4096,
  /** What a state names: 64 chains of each of 100 members, their holes, and entries that were said again. */
  groupChains: 6400,
  groupHoles: 64,
  groupAgain: 4096,
  groupMembers: 1000,
  /** Frames in a parcel for an absent member. */
  groupParcelFrames: 256,
  /** Names of members in an invitation. */
  groupNames: 20,
} as const
