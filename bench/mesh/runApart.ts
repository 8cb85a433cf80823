/** Runs a program of runMeasurement's kind as a process of its own, and ends it when this one is to end. */
import { spawn } from "node:child_process"

/** In a network namespace that has nothing but loopback: it takes root. */
const ALONE = ["unshare", "-n", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]

let signalled: NodeJS.Signals | null = null
let running: { kill: (signal: NodeJS.Signals) => boolean } | null = null
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    signalled = signal
    running?.kill(signal)
  })
}

/** The signal by which this process was told to end. */
export const interrupted = (): NodeJS.Signals | null => signalled

/** `plan`: the program's only argument; what it prints is the answer. `alone`: where nobody else can reach it. */
export const runApart = <A>(program: string, plan: object, alone: boolean): Promise<A> =>
  new Promise((resolve, reject) => {
    const command = [process.execPath, program, JSON.stringify(plan)]
    const [file = "", ...args] = alone ? [...ALONE, ...command] : command
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] })
    running = child
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk))
    child.on("error", reject)
    child.on("close", (code) => {
      running = null
      if (code === 0 && signalled === null) resolve(JSON.parse(output))
      else reject(new Error(signalled === null ? `the measurement ended with ${code}` : `ended by ${signalled}`))
    })
  })
