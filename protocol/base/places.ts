/**
 * A limited number of places, shared by keys (addresses): each key has a share that nobody can take from it, and uses
 * free places beyond it until somebody else needs them. Who takes many places loses some, not who comes next.
 */

export interface PlacesInit<T> {
  /** Places in all. */
  most: number
  /** Places of one key at once, by position in the item's keys: the first is the narrowest. */
  perKey: readonly number[]
  /** A key with no more than this many never gives way to another. */
  share: number
  /** The item of a key that gives way, if any; the oldest comes first. */
  givesWay(items: Iterable<T>): T | undefined
}

export class Places<T> {
  readonly #init: PlacesInit<T>
  readonly #keys = new Map<T, readonly string[]>()
  readonly #items = new Map<string, Set<T>>()

  constructor(init: PlacesInit<T>) {
    this.#init = init
  }

  get size(): number {
    return this.#keys.size
  }

  /** The number of items with `key`. */
  count(key: string): number {
    return this.#items.get(key)?.size ?? 0
  }

  /**
   * Gives `item` a place. Returns whether it got one, and the item that has lost its place, if one had to give way.
   */
  add(item: T, keys: readonly string[]): { added: boolean; lost?: T } {
    const full = keys.find((key, at) => this.count(key) >= (this.#init.perKey[at] ?? Infinity))
    const crowded = full ?? (this.size >= this.#init.most ? this.#heaviest(keys) : undefined)
    if (crowded == null && this.size >= this.#init.most) return { added: false }
    const lost = crowded == null ? undefined : this.#init.givesWay(this.#items.get(crowded) ?? [])
    if (crowded != null && lost == null) return { added: false }
    if (lost != null) this.delete(lost)
    this.#keys.set(item, keys)
    for (const key of keys) {
      const items = this.#items.get(key)
      if (items == null) this.#items.set(key, new Set([item]))
      else items.add(item)
    }
    return lost == null ? { added: true } : { added: true, lost }
  }

  /** Frees the place of `item`, if it has one. */
  delete(item: T): void {
    for (const key of this.#keys.get(item) ?? []) {
      const items = this.#items.get(key)
      items?.delete(item)
      if (items?.size === 0) this.#items.delete(key)
    }
    this.#keys.delete(item)
  }

  /** The key with the most items, if it has more than its share and than the newcomer would have. */
  #heaviest(newcomer: readonly string[]): string | undefined {
    const own = Math.max(0, ...newcomer.map((key) => this.count(key)))
    let heaviest: string | undefined
    let most = Math.max(this.#init.share, own + 1)
    for (const [key, { size }] of this.#items) {
      if (size > most) [heaviest, most] = [key, size]
    }
    return heaviest
  }
}
