import { CloudWatchEventsClient, ListRulesCommand, ListTargetsByRuleCommand } from "@aws-sdk/client-cloudwatch-events"
import type { Emulator } from "../ministack/startMinistack.ts"
import { waitFor } from "../process/waitFor.ts"

/** Waits until the operator has made its event rules: what happens before them, nobody hears. */
export const untilEventsFlow = async (
  { credentials, endpoint, region }: Pick<Emulator, "endpoint" | "region" | "credentials">,
  queueName: string
): Promise<void> => {
  const events = new CloudWatchEventsClient({ endpoint, region, credentials })
  try {
    await waitFor("the operator's event rules", async () => {
      const { Rules = [] } = await events.send(new ListRulesCommand({ NamePrefix: queueName }))
      const targets = await Promise.all(
        Rules.map(({ Name }) => events.send(new ListTargetsByRuleCommand({ Rule: Name })))
      )
      // It makes all its rules before it gives the first of them its target.
      return Rules.length > 0 && targets.every(({ Targets = [] }) => Targets.length > 0) ? true : undefined
    })
  } finally {
    events.destroy()
  }
}
