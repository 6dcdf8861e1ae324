/**
 * The store on an open database: settings, friends, keys, invites and envelopes, each a small table that is read whole;
 * messages are in conversations.ts and messages.ts, transfers in transfers.ts. It stores what it is given: whether that
 * is allowed is decided in the rooms above.
 */

import { QuorumError } from '../base/errors.ts'
import { conversationsOn } from './conversations.ts'
import type { Database } from './database.ts'
import { groupsOn } from './groups.ts'
import { mailOn } from './mail.ts'
import { messagesOn } from './messages.ts'
import { searchOn } from './search.ts'
import { transfersOn } from './transfers.ts'
import type { FriendRow, InviteRow, EnvelopeRow, SealingKeyRow, Store } from './store.ts'

/** The database must have been migrated. `close()` closes it. */
export function storeOn(database: Database): Store {
  return {
    transaction: (work) => database.transaction(work),
    close: () => database.close(),
    erase: () => database.close(),
    space: () => ({ free: Infinity, total: Infinity }),
    withCopy: () => Promise.reject(new QuorumError('bad-request', 'A profile that is only in memory has no backup')),
    ...settingsOn(database),
    ...friendsOn(database),
    ...sealingKeysOn(database),
    ...invitesOn(database),
    ...envelopesOn(database),
    ...conversationsOn(database),
    ...messagesOn(database),
    ...searchOn(database),
    ...transfersOn(database),
    ...mailOn(database),
    ...groupsOn(database),
  }
}

function settingsOn(database: Database): Pick<Store, 'setting' | 'setSetting'> {
  return {
    setting(key) {
      const row = database.get<{ value: Uint8Array }>('SELECT value FROM setting WHERE key = ?', key)
      if (!row) return undefined
      const value = new Uint8Array(row.value)
      // It may be a key: the caller erases its copy, and only this line knows of the other one.
      row.value.fill(0)
      return value
    },

    setSetting(key, value) {
      if (value) database.run('INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)', key, value)
      else database.run('DELETE FROM setting WHERE key = ?', key)
      if (key === 'seed' || key === 'weekly-backups') database.erased()
    },
  }
}

interface FriendColumns {
  peer: string
  name: string
  handle: string | null
  state: FriendRow['state']
  note: string | null
  verified: number
  invited: number
  addedAt: number
  lastSeen: number | null
  rangAt: number | null
  declinedAt: number | null
  blockedAs: NonNullable<FriendRow['blockedAs']> | null
  askedAt: number | null
  nodes: string
  addresses: string
  sealingKey: Uint8Array | null
  hybridKey: Uint8Array | null
  sealingKeyExpiresAt: number | null
  heardSequence: number
  spokenSequence: number
  recordSequence: number
}

function friendsOn(database: Database): Pick<Store, 'friends' | 'friend' | 'putFriend' | 'deleteFriend'> {
  return {
    friends: () => database.all<FriendColumns>('SELECT * FROM friend ORDER BY addedAt, peer').map(friendFrom),

    friend(peer) {
      const row = database.get<FriendColumns>('SELECT * FROM friend WHERE peer = ?', peer)
      return row && friendFrom(row)
    },

    deleteFriend(peer) {
      database.run('DELETE FROM friend WHERE peer = ?', peer)
    },

    putFriend(row) {
      database.run(
        `INSERT OR REPLACE INTO friend (
          peer, name, handle, state, note, verified, invited, addedAt, lastSeen, rangAt, declinedAt, blockedAs, askedAt,
          nodes, addresses, sealingKey, hybridKey, sealingKeyExpiresAt, heardSequence, spokenSequence, recordSequence
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        row.peer,
        row.name,
        row.handle ?? null,
        row.state,
        row.note ?? null,
        Number(row.verified),
        Number(row.invited),
        row.addedAt,
        row.lastSeen ?? null,
        row.rangAt ?? null,
        row.declinedAt ?? null,
        row.blockedAs ?? null,
        row.askedAt ?? null,
        JSON.stringify(row.nodes),
        JSON.stringify(row.addresses),
        row.sealingKey?.publicKey ?? null,
        row.sealingKey?.hybridKey ?? null,
        row.sealingKey?.expiresAt ?? null,
        row.heardSequence,
        row.spokenSequence,
        row.recordSequence,
      )
    },
  }
}

function friendFrom(columns: FriendColumns): FriendRow {
  const { handle, note, lastSeen, rangAt, declinedAt, blockedAs, askedAt, ...rest } = columns
  const { sealingKey, hybridKey, sealingKeyExpiresAt, ...row } = rest
  return {
    ...row,
    ...(handle !== null && { handle }),
    ...(note !== null && { note }),
    ...(lastSeen !== null && { lastSeen }),
    ...(rangAt !== null && { rangAt }),
    ...(declinedAt !== null && { declinedAt }),
    ...(blockedAs !== null && { blockedAs }),
    ...(askedAt !== null && { askedAt }),
    ...(sealingKey !== null &&
      sealingKeyExpiresAt !== null && {
        sealingKey: {
          publicKey: new Uint8Array(sealingKey),
          ...(hybridKey !== null && { hybridKey: new Uint8Array(hybridKey) }),
          expiresAt: sealingKeyExpiresAt,
        },
      }),
    verified: row.verified === 1,
    invited: row.invited === 1,
    nodes: JSON.parse(row.nodes) as string[],
    addresses: JSON.parse(row.addresses) as string[],
  }
}

type SealingKeyColumns = Omit<SealingKeyRow, 'hybrid'> & {
  hybridKey: Uint8Array | null
  hybridSeed: Uint8Array | null
}

function sealingKeysOn(database: Database): Pick<Store, 'sealingKeys' | 'putSealingKey' | 'destroySealingKeys'> {
  return {
    sealingKeys: () =>
      database
        .all<SealingKeyColumns>('SELECT * FROM sealingKey ORDER BY createdAt DESC, rowid DESC')
        .map(({ publicKey, secretKey, hybridKey, hybridSeed, createdAt }) => ({
          publicKey: new Uint8Array(publicKey),
          secretKey: new Uint8Array(secretKey),
          ...(hybridKey !== null &&
            hybridSeed !== null && {
              hybrid: { publicKey: new Uint8Array(hybridKey), seed: new Uint8Array(hybridSeed) },
            }),
          createdAt,
        })),

    putSealingKey({ publicKey, secretKey, hybrid, createdAt }) {
      database.run(
        `INSERT OR REPLACE INTO sealingKey (publicKey, secretKey, createdAt, hybridKey, hybridSeed)
          VALUES (?, ?, ?, ?, ?)`,
        publicKey,
        secretKey,
        createdAt,
        hybrid?.publicKey ?? null,
        hybrid?.seed ?? null,
      )
    },

    destroySealingKeys(createdBefore) {
      const destroyed = database.run('DELETE FROM sealingKey WHERE createdAt < ?', createdBefore)
      if (destroyed > 0) database.erased()
      return destroyed
    },
  }
}

type InviteColumns = Omit<InviteRow, 'once' | 'usedBy'> & { once: number; usedBy: string | null }

function invitesOn(database: Database): Pick<Store, 'invites' | 'invite' | 'putInvite' | 'deleteInvite'> {
  return {
    invites: () => database.all<InviteColumns>('SELECT * FROM invite ORDER BY createdAt, rowid').map(inviteFrom),

    invite(token) {
      const row = database.get<InviteColumns>('SELECT * FROM invite WHERE token = ?', token)
      return row && inviteFrom(row)
    },

    putInvite(row) {
      database.run(
        `INSERT OR REPLACE INTO invite (token, link, code, once, createdAt, expiresAt, usedBy)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        row.token,
        row.link,
        row.code,
        Number(row.once),
        row.createdAt,
        row.expiresAt,
        row.usedBy ?? null,
      )
    },

    deleteInvite(token) {
      database.run('DELETE FROM invite WHERE token = ?', token)
    },
  }
}

function inviteFrom({ usedBy, ...row }: InviteColumns): InviteRow {
  return { ...row, token: new Uint8Array(row.token), once: row.once === 1, ...(usedBy !== null && { usedBy }) }
}

type EnvelopeColumns = Omit<EnvelopeRow, 'deliveredAt'> & { deliveredAt: number | null }

function envelopesOn(database: Database): Pick<Store, 'envelopes' | 'putEnvelope' | 'deleteEnvelope'> {
  return {
    envelopes: () => database.all<EnvelopeColumns>('SELECT * FROM mail ORDER BY id').map(envelopeFrom),

    putEnvelope: (row) =>
      database.transaction(() => {
        // The same content keeps its id, so that the delivery in progress finds its envelope after `deliveredAt` was
        // noted. Other content gets a new id, so that the end of an older delivery cannot delete it.
        database.run('DELETE FROM mail WHERE "to" = ? AND kind = ? AND content <> ?', row.to, row.kind, row.content)
        const stored = database.get<EnvelopeColumns>(
          `INSERT INTO mail ("to", kind, content, deliveredAt) VALUES (?, ?, ?, ?)
           ON CONFLICT ("to", kind) DO UPDATE SET deliveredAt = excluded.deliveredAt RETURNING *`,
          row.to,
          row.kind,
          row.content,
          row.deliveredAt ?? null,
        )
        if (!stored) throw new Error('The envelope was not stored')
        return envelopeFrom(stored)
      }),

    deleteEnvelope(id) {
      database.run('DELETE FROM mail WHERE id = ?', id)
    },
  }
}

function envelopeFrom({ deliveredAt, ...row }: EnvelopeColumns): EnvelopeRow {
  return { ...row, content: new Uint8Array(row.content), ...(deliveredAt !== null && { deliveredAt }) }
}
