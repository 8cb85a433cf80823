import { Layer } from "effect"
import { Store } from "../../../src/model/Store.ts"
import { storeContract } from "../../contract/storeContract.ts"
import { MemoryResources } from "./MemoryResources.ts"
import { memoryStore } from "./memoryStore.ts"

storeContract("the store in memory", () => Layer.sync(Store, () => memoryStore(new MemoryResources(Date.now))))
