/**
 * libp2p's own log, switched off. It takes its instructions from the environment (DEBUG) and prints PeerIds and
 * addresses on standard error; and it makes a logger for each connection and each stream, which was a twenty-fifth of
 * what a sign-in costs a node.
 */
import type { ComponentLogger, Logger } from '@libp2p/interface'

const nothing = (): void => {}
const log: Logger = Object.assign(nothing, { error: nothing, trace: nothing, enabled: false, newScope: () => log })

export const noLog: ComponentLogger = { forComponent: () => log }
