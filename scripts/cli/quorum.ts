/**
 * Entry point of `quorum`: runtime settings that have no effect once the program is loaded, then the program
 * (program.ts).
 */
import { holdYoungGeneration, letYoungGenerationGrow } from '#young-generation'

holdYoungGeneration()
const { main } = await import('./program.ts')
letYoungGenerationGrow()
await main()
