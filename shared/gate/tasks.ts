/** Tasks that are under way, each with the request that began it: what a task says and brings later is judged as that request's answer. */
import type { Direction } from "../mcp/channel.ts";
import { member } from "../mcp/message.ts";
import { Bounded } from "./bounded.ts";
import { isSameSubject, sizeOfSubject, type Names, type SubjectFacts } from "./summary.ts";

/** The request that a task began with. */
export interface Begun {
  readonly method: string;
  readonly subject: SubjectFacts;
  /** What its record called things. */
  readonly names?: Names | undefined;
  /** Rules that asked about it, and for which a person let it go on. */
  readonly agreed?: readonly string[] | undefined;
  /** Id of its exchange, with which the records of the task are linked. */
  readonly chain: string;
  /** False: requests about different things were given the same task. */
  readonly sure: boolean;
}

/** More than any peer runs at once; of what is forgotten, the answers count as unplaced, which the policy judges more strictly. */
const MAX_TASKS = 10_000;
const MAX_HELD = 4 * 1024 * 1024;

export class Tasks {
  readonly #begun = new Bounded<Begun>(MAX_TASKS, MAX_HELD);

  /** Takes in the answer to a request: it may name a task. @param direction of the request. */
  learn(direction: Direction, { method, subject, names, agreed, chain, sure: known }: Begun, result: unknown): void {
    const id = taskNamedIn(result);
    if (id === undefined) return;
    const before = this.#begun.get(keyOf(direction, id));
    const sure = known && (before === undefined || (before.sure && before.method === method && isSameSubject(before.subject, subject)));
    this.#begun.set(keyOf(direction, id), { method, subject, names, agreed, chain, sure }, method.length + sizeOfSubject(subject));
  }

  /** @param direction of the request that began it: both sides may use the same ids. */
  find(direction: Direction, id: unknown): Begun | null {
    return (typeof id === "string" && this.#begun.get(keyOf(direction, id))) || null;
  }

  /** What the answer to `tasks/list` is about: it tells of many tasks, and matters only where it tells in words. Undefined: nothing in particular. Null: of more than one thing, or not known. */
  findAll(direction: Direction, result: unknown): Begun | null | undefined {
    const tasks = member(result, "tasks");
    if (!Array.isArray(tasks)) return undefined;
    let only: Begun | undefined;
    for (const task of tasks as unknown[]) {
      if (member(task, "statusMessage") === undefined) continue;
      const begun = this.find(direction, member(task, "taskId"));
      if (!begun?.sure || (only && !isSameSubject(only.subject, begun.subject))) return null;
      only = begun;
    }
    return only;
  }
}

/** 2025-11-25: `result.task.taskId`; 2026-07-28: the result is the task. */
function taskNamedIn(result: unknown): string | undefined {
  const id = member(result, "task", "taskId") ?? (member(result, "resultType") === "task" ? member(result, "taskId") : undefined);
  return typeof id === "string" ? id : undefined;
}

function keyOf(direction: Direction, id: string): string {
  return `${direction} ${id}`;
}
