/** One running operator: the product's own code before its view of AWS and the store. It can be gone at any moment. */
import { Cause, Clock, Effect, type Fiber, Layer, Logger, Random, References, Scheduler } from "effect"
import { AwsClients } from "../../../src/controllers/aws/AwsClients.ts"
import { operateWith } from "../../../src/controllers/Operator.ts"
import { Journal } from "../../../src/model/Journal.ts"
import { Store } from "../../../src/model/Store.ts"
import { testAwsConfig } from "../aws/testAwsConfig.ts"
import type { Faults } from "./Faults.ts"
import { memoryStore } from "./memoryStore.ts"
import { ModelAws } from "./ModelAws.ts"
import type { Kill, Scene } from "./Scene.ts"
import { storeView } from "./storeView.ts"
import { Watch } from "./Watch.ts"

export const RESYNC_SECONDS = 30

const CONFIG = {
  zone: "zone-1",
  aws: testAwsConfig("http://nowhere", { clusters: ["one", "two"], resyncSeconds: RESYNC_SECONDS })
}

export interface Step {
  /** False where the operator is gone from here on. */
  readonly begin: () => boolean
  readonly done: () => boolean
  readonly end: () => void
}

export class OperatorProcess {
  readonly scene: Scene
  readonly number: number
  readonly watch: Watch
  dead = false
  private fiber: Fiber.Fiber<void> | undefined

  constructor(scene: Scene, number: number) {
    this.scene = scene
    this.number = number
    this.watch = new Watch(scene, number)
  }

  get faults(): Faults {
    return this.scene.faults
  }

  start(): void {
    const { scene: { faults, resources, time } } = this
    const logger = Logger.make<unknown, void>(({ cause, fiber, logLevel, message }) => {
      if (String(message).startsWith("Events could not be handled")) {
        this.scene.toldDeadLetters = Number(fiber.getRef(References.CurrentLogAnnotations)["messages"])
      }
      if (logLevel === "Error" || logLevel === "Fatal") {
        this.scene.violated(`operator ${this.number} met a defect: ${String(message)} ${Cause.pretty(cause)}`)
      }
    })
    const random = {
      nextIntUnsafe: () => faults.chance(2 ** 31),
      nextDoubleUnsafe: () => faults.chance(2 ** 31) / 2 ** 31
    }
    const ports = Layer.mergeAll(
      Layer.succeed(Store, memoryStore(resources, storeView(this))),
      Layer.succeed(AwsClients, new ModelAws(this).clients),
      Layer.succeed(Journal, {
        append: ({ from, key, kind, to, why }) => {
          if (kind === "decision") this.scene.tell(`operator ${this.number}: ${key}: ${from} -> ${to}: ${why}`)
        }
      })
    )
    this.fiber = operateWith(CONFIG).pipe(
      Effect.provide(ports),
      Effect.provide(Logger.layer([logger])),
      Effect.provideService(Clock.Clock, time.clock),
      Effect.provideService(Random.Random, random),
      Effect.provideService(Scheduler.Scheduler, time.scheduler),
      (effect) => Effect.runFork(effect, { scheduler: time.scheduler })
    )
  }

  /** Nothing that it still does reaches anybody. */
  end(): void {
    this.dead = true
    this.fiber?.interruptUnsafe()
  }

  /** One call to AWS or one write: a moment at which it may be gone. */
  step(at: Kill["at"]): Step {
    const kill = this.scene.nextStep(at)
    const goAt = (moment: string): boolean => {
      if (kill?.moment !== moment) return false
      this.scene.kill(this)
      this.scene.restartIn(kill.down)
      return true
    }
    return {
      begin: () => !goAt("before"),
      done: () => !goAt("within"),
      // What the answer leads to begins, and then it is gone.
      end: () => void this.scene.time.after(0, () => goAt("after"))
    }
  }
}
