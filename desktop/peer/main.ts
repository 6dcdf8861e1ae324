/**
 * Entry point of the peer process: runtime settings that have no effect once the program is loaded, then the program
 * (program.ts).
 */
import { holdYoungGeneration, letYoungGenerationGrow } from '#young-generation'

holdYoungGeneration()
await import('./program.ts')
letYoungGenerationGrow()
