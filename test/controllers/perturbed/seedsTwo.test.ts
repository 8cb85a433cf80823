import { manySeeds } from "./manySeeds.ts"

manySeeds(1, 2)
