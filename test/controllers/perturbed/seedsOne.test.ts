import { manySeeds } from "./manySeeds.ts"

manySeeds(0, 2)
