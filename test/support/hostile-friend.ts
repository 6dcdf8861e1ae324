/**
 * A victim and a hostile friend of it, who speaks real chat and its own file protocol: as a sender whose content
 * differs from its offer, and as a receiver that asks for what it may not have.
 */
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { Stream } from '@libp2p/interface'
import type { Transfer } from '../../protocol/api/model.ts'
import { digest } from '../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { chatProtocol, fileProtocol } from '../../protocol/net/policy.ts'
import type { Store } from '../../protocol/store/store.ts'
import { bodyFromWire, bodyToWire, chatFrameFromWire, chatFrameToWire } from '../../protocol/wire/chat.ts'
import { offerToWire, type ManifestEntry } from '../../protocol/wire/offer.ts'
import { befriended, helloFrame, Line, startAttacker } from './attacker.ts'
import { folder } from './cleanup.ts'
import { startPeer, until, type TestPeer } from './network.ts'

type MessageBody = ReturnType<typeof bodyFromWire>

export interface Scene {
  victim: TestPeer
  store: Store
  /** The attacker's PeerId. */
  attacker: string
  /** The folder where the victim receives, and its surroundings. */
  downloads: string
  around: string
  /** Sends one more message in the attacker's conversation. */
  say(content: { kind: 'offer' | 'news'; bytes: Uint8Array }): Promise<boolean>
  /** What the victim has said in that conversation so far. */
  heard(): MessageBody[]
  /** Resolves when the victim has ended that conversation. */
  dropped(): Promise<void>
  /** Called with every file stream that the victim opens. */
  serve: (line: Line) => void
  open(): Promise<Line>
  transfer(id: string): Promise<Transfer | undefined>
}

export async function scene(t: TestContext): Promise<Scene> {
  const around = folder(t)
  const downloads = path.join(around, 'downloads')
  fs.mkdirSync(downloads)
  const attacker = await startAttacker(t)
  const store = openMemoryStore()
  store.putFriend(befriended(attacker.peer))
  const victim = await startPeer(t, { store, downloads })
  const [address = ''] = (await victim.self()).listen
  const dial = () => attacker.dial(address.includes('/p2p/') ? address : `${address}/p2p/${victim.id}`)
  let connection = await dial()
  const chat = await attacker.open(connection, chatProtocol)
  await chat.send(helloFrame())
  let sequence = 0
  let previous = new Uint8Array()
  const made: Scene = {
    victim,
    store,
    attacker: attacker.peer,
    downloads,
    around,
    serve: (line) => line.abort(),
    heard: () =>
      chat.frames.flatMap((bytes) => {
        const one = chatFrameFromWire(bytes)
        return one.kind === 'message' ? [bodyFromWire(one.body)] : []
      }),
    dropped: () => chat.dropped(),
    say(content) {
      sequence += 1
      const bytes = bodyToWire({ id: randomUUID(), sequence, previous, time: Date.now(), content })
      previous = Uint8Array.from(digest(bytes))
      return chat.send(chatFrameToWire({ kind: 'message', body: bytes }))
    },
    async open() {
      // The victim disconnects the offender, which then reconnects.
      if (connection.status !== 'open') connection = await dial()
      return attacker.open(connection, fileProtocol, false)
    },
    transfer: async (id) => (await victim.transfers({})).find((one) => one.id === id),
  }
  const asked = (stream: Stream): void => {
    const line = new Line(stream)
    void line.frame(0).then(() => made.serve(line))
  }
  await attacker.host.handle(fileProtocol, asked, { maxInboundStreams: 1000, runOnLimitedConnection: true })
  return made
}

/** Offers `entries`; returns the transfer once the victim has the offer. */
export async function offers(at: Scene, entries: ManifestEntry[]): Promise<{ id: string; manifest: Uint8Array }> {
  const id = randomUUID()
  const { offer, manifest } = offerToWire(id, '', entries)
  await at.say({ kind: 'offer', bytes: offer })
  await until(async () => (await at.transfer(id)) != null, 'the offer arrives')
  return { id, manifest }
}
