/** Runs last writes when the process ends in any way that lets code run: normal exit, uncaught error, or a signal nobody else handles. */
import process from "node:process";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const pending = new Set<() => void>();

function runAll(): void {
  for (const write of pending) write();
}

function onSignal(signal: NodeJS.Signals): void {
  runAll();
  // Our listener switched off the default "die": whoever else listens decides, else we die as asked.
  if (process.listenerCount(signal) > 1) return;
  process.removeListener(signal, onSignal);
  process.kill(process.pid, signal);
}

/** @param write synchronous, must not throw. @returns stops listening. */
export function onProcessEnd(write: () => void): () => void {
  if (pending.size === 0) {
    process.on("exit", runAll);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  pending.add(write);
  return () => {
    if (!pending.delete(write) || pending.size > 0) return;
    process.removeListener("exit", runAll);
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
}
