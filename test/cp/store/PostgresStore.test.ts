import { Effect, Layer } from "effect"
import { PostgresStore } from "../../../src/cp/store/PostgresStore.ts"
import { storeContract } from "../../contract/storeContract.ts"
import { useTestDatabases } from "./testDatabases.ts"

const databases = useTestDatabases()

storeContract(
  "PostgresStore",
  () => Layer.unwrap(Effect.map(Effect.promise(databases.create), (config) => PostgresStore.layer(config)))
)
