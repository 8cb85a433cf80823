export { type LocalstackOptions, startLocalstack } from "../../localstack/startLocalstack.ts"
