/** Everything that one run of a scenario shares: the truth, the store, the queue, the time, and what went wrong. */
import { Faults, type Fault } from "./Faults.ts"
import { firstResources } from "./MemoryResources.ts"
import { ModelQueue } from "./ModelQueue.ts"
import { OperatorProcess } from "./OperatorProcess.ts"
import { VirtualTime } from "./VirtualTime.ts"
import { World } from "./World.ts"

/** The operator ends as if its machine were gone, at the nth call to AWS or at the nth write. */
export interface Kill {
  readonly at: "call" | "write"
  readonly nth: number
  /** Within: it was done, and its answer never came. */
  readonly moment: "before" | "within" | "after"
  /** Milliseconds until the next one starts. */
  readonly down: number
}

/** Two operators at once: the first doesn't know yet that it leads no more. */
export interface Overlap {
  readonly from: number
  readonly lasts: number
}

export interface Disturbance {
  readonly faults: ReadonlyArray<Fault>
  readonly kills: ReadonlyArray<Kill>
  readonly overlaps: ReadonlyArray<Overlap>
}

export const NONE: Disturbance = { faults: [], kills: [], overlaps: [] }

export class Scene {
  readonly time = new VirtualTime()
  readonly world = new World(this.time)
  readonly resources = firstResources(() => this.time.now)
  readonly faults: Faults
  readonly queue: ModelQueue
  /** What must never be, and was. */
  readonly violations: Array<string> = []
  readonly trace: Array<string> = []
  writes = 0
  /** How many the operator said last that there are. */
  toldDeadLetters = 0
  /** After this nobody is killed any more. */
  readonly killUntil: number
  private readonly kills: ReadonlyArray<Kill>
  private readonly steps = { call: 0, write: 0 }
  private operators: ReadonlyArray<OperatorProcess> = []
  private started = 0

  constructor({ faults, kills, overlaps }: Disturbance, salt: number, killUntil: number) {
    this.faults = new Faults(faults, this.time, salt)
    this.queue = new ModelQueue(this.time, this.faults)
    this.kills = kills
    this.killUntil = killUntil
    this.world.onEvent = (event) => {
      this.tell(event.task === null ? `role ${event.role} changed` : `event of ${event.task.id}`)
      this.queue.deliver(event)
    }
    for (const { from, lasts } of overlaps) {
      this.time.after(from, () => this.startOperator())
      this.time.after(from + lasts, () => this.operators.slice(0, -1).forEach((old) => this.kill(old)))
    }
  }

  tell(line: string): void {
    this.trace.push(`${(this.time.elapsed / 1000).toFixed(3).padStart(8)} s  ${line}`)
  }

  violated(what: string): void {
    this.tell(`VIOLATION: ${what}`)
    this.violations.push(what)
  }

  startOperator(): void {
    this.started += 1
    const operator = new OperatorProcess(this, this.started)
    this.operators = [...this.operators, operator]
    this.tell(`operator ${this.started} starts`)
    operator.start()
  }

  /** The kill that is due at this step, if one is. */
  nextStep(step: Kill["at"]): Kill | undefined {
    this.steps[step] += 1
    if (this.time.elapsed >= this.killUntil) return undefined
    return this.kills.find(({ at, nth }) => at === step && nth === this.steps[step])
  }

  kill(operator: OperatorProcess): void {
    if (operator.dead) return
    this.tell(`operator ${operator.number} is gone`)
    this.operators = this.operators.filter((one) => one !== operator)
    operator.end()
  }

  restartIn(millis: number): void {
    this.time.after(millis, () => {
      if (this.operators.length === 0) this.startOperator()
    })
  }

  end(): void {
    for (const operator of this.operators) operator.end()
  }
}
