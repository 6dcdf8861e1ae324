/**
 * Groups on an open database: their rows, decisions, chains, cards and invitations; what is said in them is in
 * group-entries.ts. What the rows mean is in group-store.ts.
 */
import type { Database } from './database.ts'
import { groupEntriesOn, showCounted } from './group-entries.ts'
import type {
  Chain,
  GroupCardRow,
  GroupInvitationRow,
  GroupParcelRow,
  GroupRow,
  GroupRows,
  GroupStore,
  Hole,
  SeenRow,
} from './group-store.ts'

interface GroupColumns {
  id: string
  state: GroupRow['state']
  name: string
  mark: Uint8Array
  createdAt: number
  muted: number
  inviter: string | null
  invitation: Uint8Array | null
  invited: string
}

interface ChainColumns {
  chain: string
  author: string | null
  admission: string | null
  baseSequence: number
  baseHash: string
  lastSequence: number
  lastHash: string
  forkAt: number | null
  holes: string
  counted: number
}

type InvitationColumns = Omit<GroupInvitationRow, 'joining'> & { joining: Uint8Array | null }

/** As SQL: the row of the group with the id `$group`. */
const numberOfGroup = `(SELECT number FROM "group" WHERE id = $group)`

/** The database must have been migrated. */
export function groupsOn(database: Database): GroupStore {
  return {
    ...groupRowsOn(database),
    ...chainsOn(database),
    ...groupEntriesOn(database),
    ...aboutMembersOn(database),
  }
}

type RowsOfGroup = 'groups' | 'group' | 'putGroup' | 'deleteGroup' | 'groupDecisions' | 'addGroupDecision'
type RowsOfChain = 'groupChains' | 'groupChain' | 'putGroupChain' | 'dropGroupChain'

function groupRowsOn(database: Database): Pick<GroupRows, RowsOfGroup> {
  return {
    groups: () => database.all<GroupColumns>('SELECT * FROM "group" ORDER BY number').map(groupFrom),

    group(group) {
      const row = database.get<GroupColumns>('SELECT * FROM "group" WHERE id = ?', group)
      return row && groupFrom(row)
    },

    putGroup({ group, state, name, mark, createdAt, muted, invitation }) {
      const invited = invitation && { members: invitation.members, count: invitation.count }
      database.run(
        `INSERT INTO "group" (id, state, name, mark, createdAt, muted, inviter, invitation, invited)
         VALUES ($group, $state, $name, $mark, $createdAt, $muted, $inviter, $invitation, $invited)
         ON CONFLICT (id) DO UPDATE SET state = $state, name = $name, mark = $mark, muted = $muted,
           inviter = $inviter, invitation = $invitation, invited = $invited`,
        {
          group,
          state,
          name,
          mark,
          createdAt,
          muted: Number(muted),
          inviter: invitation?.by ?? null,
          invitation: invitation?.invitation ?? null,
          invited: JSON.stringify(invited ?? null),
        },
      )
    },

    deleteGroup(group) {
      database.run('DELETE FROM "group" WHERE id = ?', group)
      database.erased()
    },

    groupDecisions: (group) =>
      database
        .all<{ signed: Uint8Array }>(
          `SELECT signed FROM groupDecision WHERE "group" = ${numberOfGroup} ORDER BY position`,
          { group },
        )
        .map(({ signed }) => new Uint8Array(signed)),

    addGroupDecision(group, hash, signed) {
      const sql = `INSERT INTO groupDecision ("group", hash, signed) VALUES (${numberOfGroup}, $hash, $signed)`
      database.run(sql, { group, hash, signed })
    },
  }
}

function chainsOn(database: Database): Pick<GroupRows, RowsOfChain> {
  const chainOf = (group: string, chain: string): Chain | undefined => {
    const sql = `SELECT * FROM groupChain WHERE "group" = ${numberOfGroup} AND chain = $chain`
    const row = database.get<ChainColumns>(sql, { group, chain })
    return row && chainFrom(row)
  }
  return {
    groupChain: chainOf,

    groupChains: (group) =>
      database
        .all<ChainColumns>(`SELECT * FROM groupChain WHERE "group" = ${numberOfGroup} ORDER BY number`, { group })
        .map(chainFrom),

    putGroupChain(group, row) {
      const before = chainOf(group, row.chain)
      const { chain, author = null, admission = null, base, last, forkAt = null, holes, counted } = row
      database.run(
        `INSERT INTO groupChain ("group", chain, author, admission, baseSequence, baseHash, lastSequence, lastHash,
           forkAt, holes, counted)
         VALUES (${numberOfGroup}, $chain, $author, $admission, $baseSequence, $baseHash, $lastSequence, $lastHash,
           $forkAt, $holes, $counted)
         ON CONFLICT ("group", chain) DO UPDATE SET author = $author, admission = $admission,
           baseSequence = $baseSequence, baseHash = $baseHash, lastSequence = $lastSequence, lastHash = $lastHash,
           forkAt = $forkAt, holes = $holes, counted = $counted`,
        {
          group,
          chain,
          author,
          admission,
          forkAt,
          counted,
          baseSequence: base.sequence,
          baseHash: base.hash,
          lastSequence: last.sequence,
          lastHash: last.hash,
          holes: JSON.stringify(holes),
        },
      )
      if (before !== undefined && before.counted !== counted)
        showCounted(database, group, chain, before.counted, counted)
    },

    dropGroupChain(group, chain) {
      const sql = `DELETE FROM groupChain WHERE "group" = ${numberOfGroup} AND chain = $chain`
      database.run(sql, { group, chain })
    },
  }
}

function aboutMembersOn(database: Database): Omit<GroupRows, RowsOfGroup | RowsOfChain> {
  return {
    groupCards: (group) =>
      database
        .all<GroupCardRow>(
          `SELECT member, sequence, signed FROM groupCard WHERE "group" = ${numberOfGroup} ORDER BY member`,
          { group },
        )
        .map((row) => ({ ...row, signed: new Uint8Array(row.signed) })),

    putGroupCard(group, { member, sequence, signed }) {
      const sql = `INSERT OR REPLACE INTO groupCard ("group", member, sequence, signed)
        VALUES (${numberOfGroup}, $member, $sequence, $signed)`
      database.run(sql, { group, member, sequence, signed })
    },

    groupInvitations: (group) =>
      database
        .all<InvitationColumns>(
          `SELECT invitation, peer, history, invitedAt, joining FROM groupInvitation WHERE "group" = ${numberOfGroup}
           ORDER BY invitedAt`,
          { group },
        )
        .map(({ joining, ...row }) => ({
          ...row,
          invitation: new Uint8Array(row.invitation),
          ...(joining !== null && { joining: new Uint8Array(joining) }),
        })),

    putGroupInvitation(group, { invitation, peer, history, invitedAt, joining = null }) {
      const sql = `INSERT OR REPLACE INTO groupInvitation ("group", invitation, peer, history, invitedAt, joining)
        VALUES (${numberOfGroup}, $invitation, $peer, $history, $invitedAt, $joining)`
      database.run(sql, { group, invitation, peer, history, invitedAt, joining })
    },

    deleteGroupInvitation(group, invitation) {
      const sql = `DELETE FROM groupInvitation WHERE "group" = ${numberOfGroup} AND invitation = $invitation`
      database.run(sql, { group, invitation })
    },

    groupParcels: (group) =>
      database
        .all<GroupParcelRow>(
          `SELECT id, member, chain, upTo, decisions, ticket, leftAt FROM groupParcel
           WHERE "group" = ${numberOfGroup} ORDER BY leftAt`,
          { group },
        )
        .map((row) => ({ ...row, id: new Uint8Array(row.id), ticket: new Uint8Array(row.ticket) })),

    addGroupParcel(group, { id, member, chain, upTo, decisions, ticket, leftAt }) {
      const sql = `INSERT INTO groupParcel ("group", id, member, chain, upTo, decisions, ticket, leftAt)
        VALUES (${numberOfGroup}, $id, $member, $chain, $upTo, $decisions, $ticket, $leftAt)`
      database.run(sql, { group, id, member, chain, upTo, decisions, ticket, leftAt })
    },

    deleteGroupParcel(group, id) {
      database.run(`DELETE FROM groupParcel WHERE "group" = ${numberOfGroup} AND id = $id`, { group, id })
    },

    groupSeen: (group) =>
      database.all<SeenRow>(`SELECT chain, member, sequence FROM groupSeen WHERE "group" = ${numberOfGroup}`, {
        group,
      }),

    putGroupSeen(group, { chain, member, sequence }) {
      const sql = `INSERT OR REPLACE INTO groupSeen ("group", chain, member, sequence)
        VALUES (${numberOfGroup}, $chain, $member, $sequence)`
      database.run(sql, { group, chain, member, sequence })
    },
  }
}

function groupFrom({ id, muted, inviter, invitation, invited, ...row }: GroupColumns): GroupRow {
  const { state, name, createdAt } = row
  const about = JSON.parse(invited) as { members: string[]; count: number } | null
  return {
    group: id,
    state,
    name,
    createdAt,
    mark: new Uint8Array(row.mark),
    muted: muted === 1,
    ...(inviter !== null &&
      invitation !== null &&
      about !== null && { invitation: { by: inviter, invitation: new Uint8Array(invitation), ...about } }),
  }
}

function chainFrom(row: ChainColumns): Chain {
  const { chain, author, admission, forkAt, counted } = row
  return {
    chain,
    ...(author !== null && { author }),
    ...(admission !== null && { admission }),
    base: { sequence: row.baseSequence, hash: row.baseHash },
    last: { sequence: row.lastSequence, hash: row.lastHash },
    ...(forkAt !== null && { forkAt }),
    holes: JSON.parse(row.holes) as Hole[],
    counted,
  }
}
