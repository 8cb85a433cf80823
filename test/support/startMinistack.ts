export { type Emulator, type MinistackOptions, startMinistack } from "../../localstack/ministack/startMinistack.ts"
