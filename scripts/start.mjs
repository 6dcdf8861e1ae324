/** `npm start`: Quorum for a person, from a checkout. Arguments go on to it: `npm start -- --profile bob`. */
import { launch } from './launch.mjs'

// npm runs this in the checkout; the paths that follow are meant from where they were typed.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)
await launch('scripts/quorum')
