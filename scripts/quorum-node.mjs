#!/usr/bin/env node
/** `quorum-node`, from a checkout or an installed package: the server (node/main.ts). */
import { launch } from './launch.mjs'

await launch('node/main')
