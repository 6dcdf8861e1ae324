/** Whom a typed or pasted text means, before anything is sent. */
import { useEffect, useState } from 'react'
import type { RecipientInfo } from '#protocol'
import { callPeer } from './clients.ts'
import { errorText } from './state.ts'

/** Milliseconds without a change after which a text is read: people type. */
const settled = 200
/** Only a link is known to be wrong before it is complete in the eyes of its reader. */
const link = /quorum:/iu

export interface Recognized {
  /** Undefined while it is not known, and for a text that means nobody. */
  info?: RecipientInfo
  /** What is wrong with a link. */
  wrong?: string
}

export function useRecipient(to: string): Recognized {
  const [recognized, setRecognized] = useState<Recognized>({})
  useEffect(() => {
    setRecognized({})
    const text = to.trim()
    if (text === '') return
    let current = true
    const read = async (): Promise<void> => {
      let found: Recognized
      try {
        found = { info: await callPeer('recipient', { to: text }) }
      } catch (error) {
        found = link.test(text) ? { wrong: errorText(error) } : {}
      }
      if (current) setRecognized(found)
    }
    const timer = setTimeout(() => void read(), link.test(text) ? 0 : settled)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [to])
  return recognized
}
