/**
 * The calls of the page that the person confirms, because a page that was taken over would make them too: what leads
 * out of Quorum, what nobody can undo, and what protects less than before. Each asks in the main process, and does
 * nothing and returns the unchanged state if the person cancels. The peer process refuses them on the page's own port
 * (peer/access.ts).
 */
import { clipboard, shell } from 'electron'
import { givenNodeAddress, QuorumError } from '#protocol'
import type { Privacy } from '#protocol'
import type { Catalogue } from '../text/catalogue.ts'
import { cleanLine, inLines, isolate, openable } from '../text/foreign.ts'
import type { EmbeddedNodeStatus, MainCalls, Preferences } from '../ipc/contract.ts'
import type { PeerClient } from './peer-process.ts'
import type { PreferencesPatch } from './preferences.ts'
import type { Questions } from './questions.ts'
import { hidesAddress, weakenedPreferences, weakenedPrivacy } from './weakens.ts'
import type { Exposing } from './weakens.ts'

export type ConfirmedCalls = Pick<
  MainCalls,
  'openLink' | 'erase' | 'setPreferences' | 'setPrivacy' | 'confirmPassphrase' | 'verifyFriend' | 'addNode' | 'runNode'
>

export interface ConfirmedCallsSetup {
  questions: Questions
  text: () => Catalogue
  /** Errors: `cancelled` while the peer process does not run. */
  peer: () => PeerClient
  preferences: () => Preferences
  setPreferences: (patch: PreferencesPatch) => Preferences
  node: () => EmbeddedNodeStatus
  runNode: () => EmbeddedNodeStatus
  erase: () => Promise<void>
}

export function confirmedCalls(setup: ConfirmedCallsSetup): ConfirmedCalls {
  const { peer } = setup
  const confirms = async (message: string, detail: string, action: string): Promise<boolean> =>
    (await setup.questions.ask({ message, detail, actions: [action] })) !== undefined
  return {
    openLink: async ({ url }) => {
      const address = openable(url)
      if (address === undefined) throw new QuorumError('bad-request', 'Only links to websites are opened')
      const { link } = setup.text()
      const actions = [link.copy, link.open]
      const chosen = await setup.questions.ask({ message: link.title, detail: linkDetail(address, link), actions })
      if (chosen === link.copy) await clipboard.writeText(address)
      if (chosen === link.open) await shell.openExternal(address)
      return null
    },
    erase: async () => {
      const { settings } = setup.text()
      const detail = `${settings.eraseHint}\n\n${settings.eraseIntro}`
      if (await confirms(settings.eraseTitle, detail, settings.eraseDo)) await setup.erase()
      return null
    },
    setPreferences: async (patch) => {
      const before = setup.preferences()
      const after = { ...before, ...patch }
      const { questions, settings } = setup.text()
      const weakened = weakenedPreferences(before, after).map((name) => preferenceLine(name, after, settings))
      if (weakened.length > 0 && !(await confirms(questions.weaker, weakened.join('\n\n'), questions.weakerDo))) {
        return setup.preferences()
      }
      return setup.setPreferences(patch)
    },
    setPrivacy: async (patch) => {
      const self = await peer().call('self')
      const after = { ...self.privacy, ...patch }
      const { questions, settings } = setup.text()
      const weakened = weakenedPrivacy(self.privacy, after).map((name) => privacyLine(name, after, settings))
      if (weakened.length > 0 && !(await confirms(questions.weaker, weakened.join('\n\n'), questions.weakerDo))) {
        return self
      }
      return peer().call('setPrivacy', patch)
    },
    // Asked about each change: with a passphrase that only somebody else knows, the profile is lost.
    confirmPassphrase: async ({ change }) => {
      const { questions, settings } = setup.text()
      const yes =
        change === 'remove'
          ? await confirms(questions.noPassphrase, questions.noPassphraseIntro, settings.passphraseRemove)
          : await confirms(questions.passphrase, settings.passphraseHint, questions.passphraseDo)
      if (yes) await peer().call('permitPassphrase', { change })
      return yes
    },
    verifyFriend: async ({ peer: id, verified }) => {
      if (verified) {
        const [friends, { number }] = await Promise.all([
          peer().call('friends'),
          peer().call('safetyNumber', { peer: id }),
        ])
        const friend = friends.find((one) => one.peer === id)
        if (friend === undefined) throw new QuorumError('not-friend', 'There is no such friend')
        const { questions, safety } = setup.text()
        const name = isolate(cleanLine(friend.name))
        if (!(await confirms(questions.verify(name), inGroups(number), safety.confirm))) return friend
      }
      return peer().call('verifyFriend', { peer: id, verified })
    },
    addNode: async ({ address: given }) => {
      // Nobody is asked about what cannot be an address.
      const address = givenNodeAddress(given)
      const self = await peer().call('self')
      const { questions, settings } = setup.text()
      // Where friends learn the address anyway, a friend's node learns it as well.
      const asks = hidesAddress(self.privacy)
      const detail = `${inLines(cleanLine(address, address.length))}\n\n${questions.nodeIntro}`
      if (asks && !(await confirms(questions.node, detail, settings.nodeAddDo))) return self
      return peer().call('addNode', { address })
    },
    runNode: async () => {
      const { privacy } = await peer().call('self')
      const { questions, settings, welcome } = setup.text()
      const asks = hidesAddress(privacy)
      if (asks && !(await confirms(settings.runTitle, questions.runIntro, welcome.run))) return setup.node()
      return setup.runNode()
    },
  }
}

/**
 * The host by itself, then the whole address, as the browser reads both: a host with look-alike letters is in its xn--
 * form.
 */
function linkDetail(address: string, link: Catalogue['link']): string {
  const { host } = new URL(address)
  const lookalike = /(?:^|\.)xn--/u.test(host)
  return [inLines(host), inLines(address), ...(lookalike ? [link.lookalike] : []), link.intro].join('\n\n')
}

/** A safety number, in three lines of four groups. */
function inGroups(number: string): string {
  return number.replaceAll(/((?:\S+ ){3}\S+) /gu, '$1\n')
}

function privacyLine(name: keyof Privacy, after: Privacy, settings: Catalogue['settings']): string {
  const hints = { lan: settings.lanHint, upnp: settings.upnpHint, mdns: settings.mdnsHint } as const
  switch (name) {
    case 'direct':
      return `${settings.direct}: ${settings.directChoices[after.direct]}\n${settings.directHint[after.direct]}`
    case 'lan':
    case 'upnp':
    case 'mdns':
      return `${settings[name]}\n${hints[name]}`
    case 'readReceipts':
    case 'typingMarks':
      return settings[name]
  }
}

function preferenceLine(name: Exposing, after: Preferences, settings: Catalogue['settings']): string {
  const { notifyOff, notifyNone, notifyName, notifyFull, lockAfter, lockNever, lockMinutes } = settings
  switch (name) {
    case 'notifications': {
      const shown = { off: notifyOff, none: notifyNone, name: notifyName, full: notifyFull }
      return `${settings.notifyShow}: ${shown[after.notifications]}`
    }
    case 'lockAfter':
      return `${lockAfter}: ${after.lockAfter === 0 ? lockNever : lockMinutes(after.lockAfter)}`
  }
}
