/**
 * Somebody to ask for friendship, made from an invite or from a lookup at a node. Of a directory record, which anybody
 * can write, only public addresses are taken.
 */
import { isPublic, isRelayed, lastPeer } from '../address/address.ts'
import type { Found } from '../directory/session.ts'
import type { Invite } from '../identity/invite-link.ts'
import type { FriendRow } from '../store/store.ts'
import type { PeerAddress } from '../wire/peer-address.ts'

/** The name of a peer that has not announced one yet: the view shows its handle or its PeerId instead. */
export const unnamed = ''

/** A peer to ask, and what is known of it so far. */
export interface Candidate extends Partial<PeerAddress> {
  peer: string
  name?: string
  handle?: string
  /** From the invite of that peer. */
  token?: Uint8Array
  /** Of the directory record that the address is from. */
  recordSequence?: number
}

/** What an invite reports about its author. */
export function candidateFromInvite(invite: Invite): Candidate {
  const { peer, name, nodes, addresses, token, sealingKey } = invite
  return { peer, name, nodes, addresses, token, ...(sealingKey == null ? {} : { sealingKey }) }
}

/** What a node reports about a peer. */
export function candidateFromFound(found: Found): Candidate {
  const { sequence, sealingKey } = found.record
  return {
    peer: found.peer,
    ...publicAddresses(found),
    recordSequence: sequence,
    ...(sealingKey == null ? {} : { sealingKey }),
  }
}

/**
 * The addresses of a record that may be dialled. Anybody can write a loopback or LAN address, a circuit, or the address
 * of another peer into a record.
 */
export function publicAddresses({ peer, record }: Found): Pick<PeerAddress, 'addresses' | 'nodes'> {
  const addresses = record.addresses.filter((address) => {
    const named = lastPeer(address)
    return isPublic(address) && !isRelayed(address) && (named == null || named === peer)
  })
  return { addresses, nodes: record.nodes.filter(isPublic) }
}

/** What is stored of a candidate whose row is `known`. */
export function learned(candidate: Candidate, known: FriendRow | undefined): Partial<FriendRow> {
  const { name, handle, nodes, addresses, sealingKey, recordSequence } = candidate
  // An older record than the stored one comes from a node that is behind, or that wants to mislead this peer.
  if (recordSequence != null && known != null && recordSequence < known.recordSequence) {
    return handle == null ? {} : { handle }
  }
  return {
    name: name ?? known?.name ?? unnamed,
    ...(handle == null ? {} : { handle }),
    ...(nodes == null || nodes.length === 0 ? {} : { nodes }),
    ...(addresses == null || addresses.length === 0 ? {} : { addresses }),
    ...(sealingKey == null ? {} : { sealingKey }),
    ...(recordSequence == null ? {} : { recordSequence }),
  }
}
