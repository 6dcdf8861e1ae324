/** A value that views watch: they draw again when the part that they chose becomes another. */
import { useSyncExternalStore } from 'react'

export interface Store<T> {
  get(): T
  set(change: Partial<T> | ((before: T) => Partial<T>)): void
  subscribe(listener: () => void): () => void
}

export function createStore<T extends object>(first: T): Store<T> {
  let value = first
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(change) {
      value = { ...value, ...(typeof change === 'function' ? change(value) : change) }
      for (const listener of listeners) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** `choose` must return the same thing for the same state: a part of it, or something plain. */
export function useStore<T, U>(store: Store<T>, choose: (value: T) => U): U {
  return useSyncExternalStore(store.subscribe, () => choose(store.get()))
}
