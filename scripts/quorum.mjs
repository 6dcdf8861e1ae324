#!/usr/bin/env node
/** `quorum`, from a checkout or an installed package: the peer and its terminal client (quorum.ts). */
import { launch } from './launch.mjs'

await launch('scripts/cli/quorum')
