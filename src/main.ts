/**
 * The program's one entry. The sidecar runs beside every workload, so it starts without loading anything else;
 * every other command is composed in `cli/`.
 */
const [command, ...rest] = process.argv.slice(2)

if (command === "sidecar") {
  const { main } = await import("./sidecar/main.ts")
  await main(rest)
} else {
  const { runCli } = await import("./cli/runCli.ts")
  runCli()
}

export {}
