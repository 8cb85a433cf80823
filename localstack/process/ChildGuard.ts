// Ends the processes that this process started, however this process dies. A small shell outside of our process group
// holds the read end of a pipe and a list of targets; the kernel closes the pipe with us (exit, crash, SIGKILL), and
// the shell then ends every target that is still listed. It never looks for processes by name.
import { type ChildProcess, spawn } from "node:child_process"

/** What the guard ends: one process, or a whole process group. */
export type Target = { readonly pid: number } | { readonly group: number }

const script = `
targets=" "
while read -r verb target; do
  case $verb in
    add) targets="$targets$target " ;;
    drop) targets="\${targets%% $target *} \${targets#* $target }" ;;
  esac
done
for target in $targets; do kill -s TERM -- "$target" 2>/dev/null; done
for tenth in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  left=
  for target in $targets; do kill -s 0 -- "$target" 2>/dev/null && left="$left $target"; done
  [ -z "$left" ] && exit
  sleep 0.1
done
for target in $left; do kill -s KILL -- "$target" 2>/dev/null; done
`

const wordOf = (target: Target): string => "pid" in target ? String(target.pid) : `-${target.group}`

let shell: ChildProcess | undefined

const tell = (line: string): void => {
  if (shell === undefined) {
    shell = spawn("/bin/sh", ["-c", script], { detached: true, stdio: ["pipe", "ignore", "ignore"] })
    shell.unref()
    const input = shell.stdin
    input?.on("error", () => undefined)
    if (input !== null && "unref" in input && typeof input.unref === "function") input.unref()
  }
  shell.stdin?.write(`${line}\n`)
}

/** Puts a target under guard. */
export const guard = (target: Target): void => tell(`add ${wordOf(target)}`)

/** Releases a target that has ended, so that its number can be used again by the system. */
export const release = (target: Target): void => tell(`drop ${wordOf(target)}`)
