/**
 * A group in a world in which everything goes wrong: partitions, peers that stop, backups with and without a new mark,
 * and members who lie: they write into the past, fork, withhold, claim large lamports and open many chains. Then the
 * world is quiet, and all honest members must hold the same. All that is decided by chance follows from the seed.
 */
import type { Action, ChainEnds } from '../../protocol/group/decision.ts'
import type { Entry } from '../../protocol/group/entry.ts'
import { groupLimits } from '../../protocol/group/limits.ts'
import { Ledger } from '../../protocol/group/ledger.ts'
import { membership, seniority, type Membership } from '../../protocol/group/membership.ts'
import type { GroupMessage } from '../../protocol/group/messages.ts'
import { addition, decision, entry, hashOf, Member, type Kept, type MemberStore } from './group-members.ts'
import { randomFrom } from './random.ts'

export interface Outcome {
  seed: number
  members: number
  faults: string[]
  /** How much was said, and how much of it is shown in the end. */
  said: number
  shown: number
}

interface Living extends Member {
  up: boolean
  side: number
  liar: boolean
  kept?: Kept
}

/** What an author knew when it said something. */
interface Said {
  entry: Entry
  by: Living
  /** Those who were removed, and not in. */
  out: ReadonlySet<string>
  /** Ids of the last messages that it saw. */
  after: readonly string[]
}

interface Post {
  at: number
  from: Living
  to: Living
  message: GroupMessage
}

const quietRounds = 80

export class GroupWorld {
  readonly #seed: number
  readonly #next: () => number
  readonly #people: Living[] = []
  readonly #log: (...what: unknown[]) => void
  readonly #open: ((kept?: Kept) => MemberStore) | undefined
  readonly #queue: Post[] = []
  readonly #said = new Map<string, Said>()
  readonly #faults = new Set<string>()
  #now = 0
  #invitations = 0

  /** `members`: 2 to 100. `open`: their stores; without it, on maps. */
  constructor(
    seed: number,
    members: number,
    log: (...what: unknown[]) => void = () => {},
    open?: (kept?: Kept) => MemberStore,
  ) {
    this.#seed = seed
    this.#open = open
    this.#next = randomFrom(seed)
    this.#log = log
    for (let at = 0; at < members; at += 1) this.#people.push(this.#create(`p${String(at).padStart(2, '0')}`))
    this.#found(Math.max(2, Math.floor(members * 0.7)))
  }

  run(): Outcome {
    const steps = this.#people.length > 40 ? 150 : 120
    for (this.#now = 1; this.#now <= steps; this.#now += 1) this.#step()
    this.#settle()
    const shown = this.#check()
    return {
      seed: this.#seed,
      members: this.#people.length,
      faults: [...this.#faults],
      said: this.#said.size,
      shown,
    }
  }

  // ---- what happens

  #create(name: string): Living {
    return Object.assign(new Member(name, hashOf(name, this.#seed), this.#open), { up: true, side: 0, liar: false })
  }

  get #founder(): Living {
    return this.#pick(this.#people.slice(0, 1))
  }

  /** The first `count` are in, three of them as admins; some of all but the founder are liars. */
  #found(count: number): void {
    const { replica } = this.#founder
    replica.decide({ kind: 'found', name: `group ${this.#seed}` })
    const names = this.#people.slice(1, count).map(({ name }) => name)
    for (const name of names) replica.decide(this.#addition(name))
    for (const [at, name] of names.slice(0, 3).entries()) replica.decide({ kind: 'role', member: name, rank: at + 1 })
    for (const person of this.#people.slice(1, count)) person.learn(this.#founder)
    const { length } = this.#people
    if (length < 4) return
    const liars = Math.floor(this.#next() * Math.max(1, length * 0.3))
    for (let at = 0; at < liars; at += 1) this.#pick(this.#people.slice(1)).liar = true
  }

  #step(): void {
    this.#disturb()
    const person = this.#pick(this.#people)
    if (person.up && person.replica.joined) this.#act(person)
    if (person.liar && !person.replica.empty) this.#lie(person)
    for (let at = 0; at < Math.max(2, this.#people.length / 4); at += 1) {
      const [a, b] = [this.#pick(this.#people), this.#pick(this.#people)]
      if (a !== b && reach(a, b)) this.#gossip(a, b)
    }
    this.#deliver()
  }

  #disturb(): void {
    if (this.#chance(0.04)) {
      const sides = 1 + this.#below(3)
      for (const person of this.#people) person.side = this.#below(sides)
    }
    const person = this.#pick(this.#people)
    if (this.#chance(0.06)) {
      person.up = !person.up
      const lost = person.up ? [] : this.#queue.filter(({ from, to }) => from === person || to === person)
      for (const post of lost) this.#queue.splice(this.#queue.indexOf(post), 1)
    }
    if (this.#chance(0.02) && person.replica.joined) person.kept = person.store.kept
    if (this.#chance(0.02) && person.kept !== undefined && !person.liar && person !== this.#founder) {
      const sameMark = this.#chance(0.3)
      person.putBack(person.kept, sameMark)
      this.#log(this.#now, person.name, sameMark ? 'is put back as a copied folder' : 'is restored')
    }
  }

  #act(person: Living): void {
    const { replica, name } = person
    const state = replica.membership
    const rank = seniority(state, name)
    const others = [...state.members.keys()].filter((one) => one !== name)
    const what = this.#next()
    if (what < 0.5) this.#say(person)
    else if (what < 0.56 && rank < Infinity) this.#add(person)
    else if (what < 0.6 && rank < Infinity && others.length > 0) this.#remove(person, this.#pick(others))
    else if (what < 0.63 && rank < Infinity && others.length > 0) this.#appoint(person, this.#pick(others))
    else if (what < 0.635) {
      this.#log(this.#now, name, 'leaves')
      replica.decide({ kind: 'leave', upTo: replica.endsOf(name) })
    }
  }

  #say(person: Living, more: Partial<Entry> = {}): void {
    const { replica, store, liar } = person
    const { removals, members } = replica.membership
    const out = new Set([...removals.keys()].filter((one) => !members.has(one)))
    const cap = replica.chains.count() + groupLimits.lamportFollowed
    const after = liar ? [] : store.shown().filter(({ lamport }) => lamport <= cap)
    const said = person.say(more)
    this.#said.set(said.hash, { entry: said, by: person, out, after: after.slice(-3).map(({ id }) => id) })
  }

  #add(person: Living): void {
    const { replica, name } = person
    const { members } = replica.membership
    const outside = this.#people.filter((one) => !members.has(one.name))
    if (outside.length === 0 || members.size >= 100) return
    const added = this.#pick(outside)
    const from = this.#pick([new Map(), replica.endsBefore(() => 0), replica.endsBefore(() => 3)])
    replica.decide(this.#addition(added.name, from))
    this.#post(person, added, { kind: 'decisions', decisions: [...replica.ledger.decisions] })
    this.#log(this.#now, name, 'adds', added.name)
  }

  #addition(member: string, from?: ChainEnds): Action {
    this.#invitations += 1
    return addition(member, from, `${this.#invitations}`)
  }

  #remove(person: Living, member: string): void {
    const { replica, name, liar } = person
    const state = replica.membership
    const rank = seniority(state, name)
    if (rank > 0 && seniority(state, member) <= rank && !liar) return
    const undone = rank === 0 && this.#chance(0.5)
    const undo = replica.ledger.decisions.filter(({ author }) => undone && author === member && this.#chance(0.5))
    const hashes = undo.map(({ hash }) => hash).slice(0, 256)
    replica.decide({ kind: 'remove', member, upTo: replica.endsOf(member), undo: hashes })
    this.#log(this.#now, name, 'removes', member)
  }

  #appoint(person: Living, member: string): void {
    const { replica, name, liar } = person
    const state = replica.membership
    const rank = seniority(state, name)
    if (rank > 0 && seniority(state, member) <= rank && !liar) return
    const own = rank === 0 ? 0 : (state.offices[rank - 1]?.appointment.rank ?? 0)
    replica.decide({ kind: 'role', member, rank: this.#chance(0.7) ? own + 1 + this.#below(5) : 0 })
    this.#log(this.#now, name, 'gives a role to', member)
  }

  // ---- lies

  #lie(liar: Living): void {
    const { replica, name } = liar
    const old = this.#pick(replica.ledger.decisions).hash
    const anybody = this.#pick(this.#people).name
    const what = this.#next()
    if (what < 0.15) this.#backdate(liar, this.#addition(anybody), [old])
    else if (what < 0.3) this.#backdate(liar, { kind: 'remove', member: anybody, upTo: new Map(), undo: [] }, [old])
    else if (what < 0.35)
      this.#backdate(liar, { kind: 'remove', member: anybody, upTo: new Map(), undo: [] }, [
        hashOf('nowhere', this.#now),
      ])
    else if (what < 0.4)
      this.#backdate(liar, { kind: 'role', member: this.#chance(0.5) ? name : anybody, rank: this.#below(4) }, [old])
    else if (replica.joined && what < 0.55) this.#fork(liar)
    else if (replica.joined && what < 0.65) {
      const count = replica.chains.count()
      const { lamportTaken, lamportFollowed } = groupLimits
      const claims = [Number.MAX_SAFE_INTEGER, count + lamportTaken, count + lamportFollowed]
      this.#say(liar, { lamport: this.#pick([...claims, replica.chains.nextLamport() + 999]) })
    } else if (replica.joined && what < 0.7) {
      for (let at = 0; at < 5; at += 1) {
        liar.writer.renewMark()
        this.#say(liar)
      }
    }
  }

  #backdate(liar: Living, action: Action, heads: string[]): void {
    const { replica, name } = liar
    const said = decision(name, { ...action, heads, lamport: this.#now }, this.#now)
    liar.receive({ kind: 'decisions', decisions: [said] }, name)
    this.#spread(liar, { kind: 'decisions', decisions: [...replica.ledger.decisions, said] })
    this.#log(this.#now, 'the liar', name, 'writes into the past', action.kind)
  }

  #fork(liar: Living): void {
    const own = liar.store.shown().filter(({ author }) => author === liar.name)
    if (own.length === 0) return
    const { hash: _, signed: __, author, chain, ...content } = this.#pick(own)
    const twin = entry(author, chain, { ...content, content: { kind: 'text', text: `other ${this.#now}` } })
    this.#spread(liar, { kind: 'entries', entries: [twin] })
    this.#log(this.#now, 'the liar', liar.name, 'forks at', content.sequence)
  }

  #spread(liar: Living, message: GroupMessage): void {
    for (const person of this.#people)
      if (person !== liar && this.#chance(0.4) && reach(liar, person)) this.#post(liar, person, message)
  }

  // ---- the network

  #gossip(from: Living, to: Living): void {
    const { replica } = from
    if (replica.empty || !replica.membership.members.has(to.name)) return
    this.#post(from, to, replica.exchange.state())
  }

  #post(from: Living, to: Living, message: GroupMessage): void {
    if (message.kind === 'entries' && !from.liar) {
      for (const one of message.entries) {
        const unknown = one.ledger.some((head) => !from.replica.ledger.has(head))
        if (unknown && this.#said.get(one.hash)?.out.has(to.name) === true)
          this.#faults.add(`${from.name} passes on to ${to.name} what was written after their removal`)
      }
    }
    this.#queue.push({ at: this.#now + 1 + this.#below(4), from, to, message })
  }

  #deliver(all = false): void {
    for (let at = 0; at < this.#queue.length;) {
      const post = this.#queue[at]
      if (post === undefined) return
      if (!all && post.at > this.#now) {
        at += 1
        continue
      }
      this.#queue.splice(at, 1)
      const { from, to, message } = post
      if (!reach(from, to) || (from.liar && message.kind === 'entries' && this.#chance(0.5))) continue
      for (const answer of to.receive(message, from.name))
        if (!to.liar || !this.#chance(0.3)) this.#post(to, from, answer)
    }
  }

  // ---- the quiet time, and what must be true

  get #honest(): Living[] {
    return this.#people.filter(({ liar }) => !liar)
  }

  #settle(): void {
    for (const person of this.#people) Object.assign(person, { up: true, side: 0 })
    const honest = this.#honest
    const some = (): Living[] => Array.from({ length: 6 }, () => this.#pick(honest))
    let before = ''
    for (let round = 0, still = 0; round < quietRounds && still < 3; round += 1) {
      for (const a of honest)
        for (const b of this.#people.length > 40 ? some() : honest) if (a !== b) this.#gossip(a, b)
      for (let turn = 0; turn < 6; turn += 1) {
        this.#now += 5
        this.#deliver(true)
      }
      const now = hashOf(
        ...honest.map(({ replica, store }) => [
          replica.ledger.decisions.length,
          store.chains().map(({ chain, last, forkAt }) => [chain, last, forkAt]),
        ]),
      )
      still = now === before ? still + 1 : 0
      before = now
    }
  }

  /** Returns how many messages are shown. */
  #check(): number {
    const truth = this.#truth()
    const inside = this.#honest.filter(({ name }) => truth.members.has(name))
    const joined = inside.filter(({ replica }) => replica.joined)
    const [first] = joined
    if (first === undefined) return 0
    for (const one of inside) if (!joined.includes(one)) this.#fault(`${one.name} is in and does not know it`)
    for (const one of joined)
      if (hashOf(view(one.replica.membership)) !== hashOf(view(first.replica.membership)))
        this.#fault(`members differ at ${one.name} and ${first.name}`)
    for (const one of this.#honest) {
      const told = joined.some(({ name }) => one.replica.joined && one.replica.membership.members.has(name))
      if (told && !truth.members.has(one.name)) this.#fault(`${one.name} is out and does not know it`)
    }
    this.#checkTalk(joined)
    return first.ids.length
  }

  #checkTalk(joined: readonly Living[]): void {
    const [first] = joined
    if (first === undefined) return
    const above = this.#commonBases(joined)
    const common = ({ store }: Living): string =>
      store
        .shown()
        .flatMap(({ chain, sequence, id }) => (sequence > (above.get(chain) ?? 0) ? id : []))
        .join()
    for (const one of joined) {
      if (common(one) !== common(first)) this.#fault(`messages differ at ${one.name} and ${first.name}`)
      if (new Set(one.store.shown().map(({ author, id }) => `${author} ${id}`)).size !== one.ids.length)
        this.#fault(`${one.name} shows a message twice`)
    }
    const places = new Map(first.ids.map((id, at) => [id, at]))
    const shown = new Set(joined.flatMap(({ ids }) => ids))
    for (const { entry: said, by, after } of this.#said.values()) {
      const place = places.get(said.id)
      if (place !== undefined && after.some((id) => (places.get(id) ?? -1) > place))
        this.#fault(`${said.id} stands above what it answers`)
      if (!by.liar && !shown.has(said.id)) this.#checkLost(said, by, first)
    }
  }

  /** What an honest member said is shown, unless a removal cut it or its admission is void, or a backup lost it. */
  #checkLost({ admission, chain, id }: Entry, by: Living, { replica }: Living): void {
    const { admissions, cuts } = replica.membership
    if (!admissions.has(admission) || cuts.has(admission)) return
    const held = [...by.store.entries(chain, 0, Infinity), ...by.store.aside(chain)]
    if (held.some((one) => one.id === id)) this.#fault(`${id} never arrived`)
  }

  /** Below these, some were not given what is there. */
  #commonBases(joined: readonly Living[]): Map<string, number> {
    const above = new Map<string, number>()
    const raise = (chain: string, to: number): void => void above.set(chain, Math.max(above.get(chain) ?? 0, to))
    for (const { replica, name } of joined) {
      for (const one of replica.ledger.decisions)
        if (one.kind === 'add' && one.member === name)
          for (const [chain, { sequence }] of one.from) raise(chain, sequence)
    }
    return above
  }

  /** What all honest members who are in know together, in an order of its own. */
  #truth(): Membership {
    const all = this.#honest.filter(({ replica }) => replica.joined).flatMap(({ replica }) => replica.ledger.decisions)
    const known = all.length > 0 ? all : this.#founder.replica.ledger.decisions
    const inOneOrder = fill(known)
    const shuffled = known.map((one) => [this.#next(), one] as const).toSorted(([a], [b]) => a - b)
    const inAnother = fill([...known.slice(0, 1), ...shuffled.map(([, one]) => one)])
    const truth = membership(inOneOrder)
    if (
      inOneOrder.decisions.length !== inAnother.decisions.length ||
      hashOf(view(truth)) !== hashOf(view(membership(inAnother)))
    )
      this.#fault('membership depends on the order of arrival')
    return truth
  }

  #fault(what: string): void {
    this.#faults.add(what)
    this.#log('FAULT', what)
  }

  // ---- chance

  #chance(probability: number): boolean {
    return this.#next() < probability
  }

  #below(number: number): number {
    return Math.floor(this.#next() * number)
  }

  #pick<T>(list: readonly T[]): T {
    const picked = list[this.#below(list.length)]
    if (picked === undefined) throw new Error('There is nothing to pick')
    return picked
  }
}

function reach(a: Living, b: Living): boolean {
  return a.up && b.up && a.side === b.side
}

function fill(decisions: Iterable<Parameters<Ledger['take']>[0]>): Ledger {
  const ledger = new Ledger()
  const all = [...decisions]
  for (let before = -1; before < ledger.decisions.length;) {
    before = ledger.decisions.length
    for (const one of all) ledger.take(one)
  }
  return ledger
}

/** Everything that people see of it. */
function view({ members, offices, founder, name }: Membership): unknown {
  const held = offices.filter(({ ended }) => ended.length === 0)
  const who = [...members.keys()].toSorted()
  return [who, founder, name, held.map(({ appointment: { member, rank } }) => [member, rank])]
}
