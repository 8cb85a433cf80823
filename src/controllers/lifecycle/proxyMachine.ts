/**
 * The phases of a task that runs a proxy, the same for all three kinds of proxy. Receives looks at the task, keeps
 * the newest, and walks from phase to phase until none of its transitions is open: so one look leads to one phase,
 * whatever came before. It starts nothing and waits for nothing; what a phase asks for is derived elsewhere.
 */
import { assign, setup } from "xstate"
import { type Facts, nothingKnown } from "./Facts.ts"

export type ProxyEvent =
  /** Somebody looked at the task. */
  | { readonly type: "OBSERVED"; readonly facts: Facts }
  /** The resource that phase `valid` asks for is in the store. */
  | { readonly type: "STORED" }

const leaving = [
  { guard: "isGone", target: "gone" },
  { guard: "isStopping", target: "draining" }
] as const

/** `id` names the kind in diagrams: `dataplane`, `ingress`, `egress`. */
export const proxyMachine = (id: string) =>
  setup({
    types: { context: {} as { readonly facts: Facts }, events: {} as ProxyEvent },
    guards: {
      isGone: ({ context }) => context.facts.gone,
      isStopping: ({ context }) => context.facts.stopping,
      isLocated: ({ context }) => context.facts.located,
      isUnlocated: ({ context }) => !context.facts.located,
      isUnjudged: ({ context }) => context.facts.verdict === "unknown",
      isAccepted: ({ context }) => context.facts.verdict === "accepted",
      isRefused: ({ context }) => context.facts.verdict === "refused",
      isStored: ({ context }) => context.facts.stored,
      isMissing: ({ context }) => !context.facts.stored
    },
    actions: {
      look: assign({
        facts: ({ context, event }) => event.type === "OBSERVED" ? event.facts : context.facts
      }),
      store: assign({ facts: ({ context }) => ({ ...context.facts, stored: true }) })
    }
  }).createMachine({
    id,
    context: { facts: nothingKnown },
    initial: "pending",
    on: { OBSERVED: { actions: "look" } },
    states: {
      pending: { always: [...leaving, { guard: "isLocated", target: "identified" }] },
      identified: {
        always: [
          ...leaving,
          { guard: "isUnlocated", target: "pending" },
          { guard: "isRefused", target: "refused" },
          { guard: "isAccepted", target: "valid" }
        ]
      },
      refused: {
        always: [
          ...leaving,
          { guard: "isUnlocated", target: "pending" },
          { guard: "isUnjudged", target: "identified" },
          { guard: "isAccepted", target: "valid" }
        ]
      },
      valid: {
        always: [
          ...leaving,
          { guard: "isUnlocated", target: "pending" },
          { guard: "isUnjudged", target: "identified" },
          { guard: "isRefused", target: "refused" },
          { guard: "isStored", target: "registered" }
        ],
        on: { STORED: { actions: "store" } }
      },
      registered: {
        always: [
          ...leaving,
          { guard: "isUnlocated", target: "pending" },
          { guard: "isUnjudged", target: "identified" },
          { guard: "isRefused", target: "refused" },
          { guard: "isMissing", target: "valid" }
        ]
      },
      draining: { always: [{ guard: "isGone", target: "gone" }] },
      gone: { type: "final" }
    }
  })

export type ProxyMachine = ReturnType<typeof proxyMachine>
