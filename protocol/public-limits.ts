/**
 * The limits in the public API: the bounds of parameters of calls and of options, and the capacity that a
 * DirectoryStore must have. A change of one of them is a change of the public API. All other limits are private and
 * follow measurements.
 */
import { addressLimits } from './address/limits.ts'
import { apiLimits } from './api/limits.ts'
import { limits as shared } from './base/limits.ts'
import { directoryLimits } from './directory/limits.ts'
import { netLimits } from './net/limits.ts'
import { mailboxLimits } from './mailbox/limits.ts'

const { nodeAddresses } = addressLimits
const { page, endedListed } = apiLimits
const {
  nameCharacters,
  noteCharacters,
  messageText,
  envelope,
  parkedInvite,
  address,
  openStream,
  dial,
  stop,
  handlePattern,
  heldPerRecipient,
  parkedPerPeer,
} = shared
const {
  handleKept,
  heldPerSender,
  heldFor,
  held,
  parkedFor,
  parked,
  handles,
  heldPerAddress,
  heldFromAddress,
  parkedPerAddress,
  handlesPerAddress,
} = directoryLimits
const { nodePeers, nodeReservations } = netLimits

export const limits = {
  mailbox: mailboxLimits,
  nodeAddresses,
  page,
  endedListed,
  nameCharacters,
  noteCharacters,
  messageText,
  envelope,
  parkedInvite,
  address,
  openStream,
  dial,
  stop,
  handlePattern,
  heldPerRecipient,
  parkedPerPeer,
  handleKept,
  heldPerSender,
  heldFor,
  held,
  parkedFor,
  parked,
  handles,
  heldPerAddress,
  heldFromAddress,
  parkedPerAddress,
  handlesPerAddress,
  nodePeers,
  nodeReservations,
} as const
