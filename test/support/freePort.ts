export { freePort } from "../../localstack/process/freePort.ts"
