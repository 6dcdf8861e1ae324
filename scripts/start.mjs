/** `npm start`: Quorum for a person, from a checkout. Arguments go on to it: `npm start -- --profile bob`. */
import { launch } from './launch.mjs'

await launch('scripts/quorum')
