/** What people may decide in a group: a right reaches downwards only (membership.ts, which ignores everything else). */
import { QuorumError } from '../base/errors.ts'
import { rankOf } from './group-view.ts'
import { seniority, type Membership } from './membership.ts'

/** `self` may decide about that member. Errors: `not-found`, `bad-request`. */
export function needAbove(membership: Membership, self: string, member: string): void {
  if (!membership.members.has(member)) throw new QuorumError('not-found', 'They are not in this group')
  if (seniority(membership, self) >= seniority(membership, member))
    throw new QuorumError('bad-request', 'Only who stands above them in this group may decide that')
}

/** The rank of `self`: 0 for the founder. Errors: `bad-request` for who is neither founder nor admin. */
export function needAdmin(membership: Membership, self: string): number {
  if (seniority(membership, self) === Infinity)
    throw new QuorumError('bad-request', 'Only the founder and the admins of this group may decide that')
  return self === membership.founder ? 0 : rankOf(membership, self)
}
