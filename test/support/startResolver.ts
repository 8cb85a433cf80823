/** A name server on loopback that is silent until it is told an address. */
import { createSocket } from "node:dgram"

export interface TestResolver {
  readonly port: number
  /** Names in the order in which they were asked for, one that was asked again as often as it was. */
  readonly asked: ReadonlyArray<string>
  /** Every question for an IPv4 address is answered by it from now on; null: none is answered. */
  readonly answerWith: (address: string | null) => void
  readonly answered: () => number
  readonly stop: () => Promise<void>
}

/** RFC 1035, 4.1.1: the header has 12 octets; the question follows. */
const HEADER_OCTETS = 12
const IPV4_ADDRESS = 1
const CLASS_IN = 1
const SECONDS_TO_LIVE = 1
/** It is an answer, recursion was desired and is available, and there is no error. */
const FLAGS = 0x8180
/** The name is that of the question. */
const SAME_NAME = 0xc000 + HEADER_OCTETS

interface Question {
  readonly name: string
  readonly type: number
  /** Where it ends in the message. */
  readonly end: number
}

const readQuestion = (message: Buffer): Question => {
  const labels: Array<string> = []
  let at = HEADER_OCTETS
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join("."), type: message.readUInt16BE(at + 1), end: at + 5 }
}

const shorts = (...values: ReadonlyArray<number>): Buffer =>
  Buffer.concat(values.map((value) => Buffer.from([value >> 8, value & 0xff])))

/** An answer without records to a question for anything but an IPv4 address: the name has none. */
const answerTo = (message: Buffer, { end, type }: Question, address: string): Buffer => {
  const records = type === IPV4_ADDRESS
    ? [shorts(SAME_NAME, IPV4_ADDRESS, CLASS_IN, 0, SECONDS_TO_LIVE, 4), Buffer.from(address.split(".").map(Number))]
    : []
  const header = shorts(message.readUInt16BE(0), FLAGS, 1, records.length === 0 ? 0 : 1, 0, 0)
  return Buffer.concat([header, message.subarray(HEADER_OCTETS, end), ...records])
}

export const startResolver = async (): Promise<TestResolver> => {
  const asked: Array<string> = []
  let address: string | null = null
  let answered = 0
  const socket = createSocket("udp4")
  socket.on("message", (message, from) => {
    const question = readQuestion(message)
    asked.push(question.name)
    if (address === null) return
    answered += 1
    socket.send(answerTo(message, question, address), from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve))
  return {
    port: socket.address().port,
    asked,
    answerWith: (given) => void (address = given),
    answered: () => answered,
    stop: () => new Promise((resolve) => socket.close(() => resolve()))
  }
}
