/** The desk's tools, written once and served by both SDK lines. */
import { z } from "zod";
import { CUSTOMERS, DOCUMENTS, TICKETS, type Customer } from "./records.ts";

export interface ToolReply {
  content: ({ type: "text"; text: string } | { type: "resource"; resource: { uri: string; mimeType: string; text: string } })[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
  [key: string]: unknown;
}

/** What a tool may send while it runs. Each SDK line brings its own. */
export interface ToolLine {
  progress(step: number, of: number, message: string): Promise<void>;
  log(data: Record<string, unknown>): Promise<void>;
}

export interface DeskTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: z.ZodObject;
  readonly output?: z.ZodObject;
  readonly annotations: { readonly readOnlyHint: boolean; readonly destructiveHint?: boolean; readonly idempotentHint?: boolean };
  run(args: unknown, line: ToolLine): Promise<ToolReply>;
}

/** The data of one desk; notes and deletions last as long as the process. */
export interface Desk {
  readonly customers: Map<string, Customer>;
  readonly notes: { readonly customerId: string; readonly text: string }[];
}

export interface DeskOptions {
  /** Awaited before each part of `export_report` and before its result: tests step through the stream with it, the demo paces it for the eye. */
  readonly beforePart?: (part: number) => Promise<void>;
}

export function createDesk(): Desk {
  return { customers: new Map(CUSTOMERS.map((customer) => [customer.id, customer])), notes: [] };
}

const brief = z.object({ id: z.string(), name: z.string(), company: z.string(), email: z.string(), phone: z.string() });
const full = brief.extend({ city: z.string(), card: z.string(), iban: z.string(), plan: z.string(), since: z.string(), notes: z.array(z.string()) });
const customerId = z.string().describe("Customer id, such as c-1001");

/** The eight tools over one desk. */
export function deskTools(desk: Desk, options: DeskOptions = {}): DeskTool[] {
  const beforePart = options.beforePart ?? (() => new Promise<void>((resolve) => setTimeout(resolve, 180)));
  return [
    tool({
      name: "find_customer", title: "Find customers", description: "Finds customers by a part of their name, company, city or e-mail address.",
      input: z.object({ query: z.string().min(1).describe("Part of a name, company, city or e-mail address") }),
      output: z.object({ customers: z.array(brief) }),
      annotations: { readOnlyHint: true },
      run: async ({ query }) => {
        const wanted = query.toLowerCase();
        const found = [...desk.customers.values()].filter((each) => `${each.name} ${each.company} ${each.city} ${each.email}`.toLowerCase().includes(wanted));
        const customers = found.map(({ id, name, company, email, phone }) => ({ id, name, company, email, phone }));
        const lines = customers.map((each) => `${each.id}: ${each.name} (${each.company}), e-mail ${each.email}, phone ${each.phone}`);
        return { ...text([`${found.length} customer${found.length === 1 ? "" : "s"} found.`, ...lines].join("\n")), structuredContent: { customers } };
      },
    }),
    tool({
      name: "get_customer", title: "Open a customer", description: "Returns the full record of one customer, with payment details.",
      input: z.object({ id: customerId }),
      output: full,
      annotations: { readOnlyHint: true },
      run: async ({ id }) => {
        const found = desk.customers.get(id);
        if (!found) return refusal(`There is no customer ${id}.`);
        const notes = desk.notes.filter((note) => note.customerId === id).map((note) => note.text);
        const shown = [
          `${found.name}, ${found.company}, ${found.city}`, `Plan: ${found.plan} since ${found.since}`,
          `E-mail: ${found.email}`, `Phone: ${found.phone}`, `Card number: ${found.card}`, `IBAN: ${found.iban}`,
          ...notes.map((note) => `Note: ${note}`),
        ];
        return { ...text(shown.join("\n")), structuredContent: { ...found, notes } };
      },
    }),
    tool({
      name: "list_tickets", title: "List tickets", description: "Lists support tickets, all or by status.",
      input: z.object({ status: z.enum(["open", "waiting", "closed"]).optional().describe("Only tickets in this state") }),
      annotations: { readOnlyHint: true },
      run: async ({ status }) => {
        const found = TICKETS.filter((ticket) => status === undefined || ticket.status === status);
        return text(found.map((ticket) => `${ticket.id} [${ticket.status}] ${ticket.subject} (${ticket.customerId})\n${ticket.text}`).join("\n\n"));
      },
    }),
    tool({
      name: "get_document", title: "Open a document", description: "Returns a document of the desk as Markdown. d-77 is confidential, d-12 is public.",
      input: z.object({ id: z.string().describe("Document id, such as d-77") }),
      annotations: { readOnlyHint: true },
      run: async ({ id }) => {
        const found = DOCUMENTS.find((each) => each.id === id);
        if (!found) return refusal(`There is no document ${id}.`);
        return {
          content: [
            { type: "text", text: `${found.title} (${found.classification})` },
            { type: "resource", resource: { uri: `desk://documents/${found.id}`, mimeType: "text/markdown", text: found.markdown } },
          ],
        };
      },
    }),
    tool({
      name: "add_note", title: "Add a note", description: "Adds a note to a customer's record.",
      input: z.object({ id: customerId, text: z.string().min(1).describe("The note") }),
      annotations: { readOnlyHint: false, destructiveHint: false },
      run: async ({ id, text: note }) => {
        const found = desk.customers.get(id);
        if (!found) return refusal(`There is no customer ${id}.`);
        desk.notes.push({ customerId: id, text: note });
        return text(`Saved on the record of ${found.name}:\n${note}`);
      },
    }),
    tool({
      name: "delete_customer", title: "Delete a customer", description: "Deletes a customer's record for good.",
      input: z.object({ id: customerId }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
      run: async ({ id }) => (desk.customers.delete(id) ? text(`Customer ${id} is deleted.`) : refusal(`There is no customer ${id}.`)),
    }),
    tool({
      name: "export_report", title: "Export the customer report", description: "Exports all customers as CSV and streams each part while it works.",
      input: z.object({ partSize: z.number().int().min(1).max(8).default(2).describe("Customers in one part") }),
      annotations: { readOnlyHint: true },
      run: async ({ partSize }, line) => {
        const all = [...desk.customers.values()];
        const parts = Math.ceil(all.length / partSize);
        for (let part = 1; part <= parts; part++) {
          await beforePart(part);
          const rows = all.slice((part - 1) * partSize, part * partSize).map(({ id, name, email, phone, iban }) => ({ id, name, email, phone, iban }));
          await line.progress(part, parts, `Part ${part} of ${parts}: ${rows.map((row) => `${row.name} <${row.email}>`).join(", ")}`);
          await line.log({ part, rows });
        }
        await beforePart(parts + 1);
        const csv = ["id,name,email,phone,iban", ...all.map((each) => `${each.id},${each.name},${each.email},${each.phone},${each.iban}`)];
        return text(`${all.length} customers exported.\n\n${csv.join("\n")}`);
      },
    }),
    tool({
      name: "desk_hours", title: "Opening hours", description: "When the desk is open. Holds no personal data at all.",
      input: z.object({}),
      annotations: { readOnlyHint: true },
      run: async () => text("Monday to Friday, 8:00 to 18:00 UTC."),
    }),
  ];
}

function tool<Input extends z.ZodObject>(definition: Omit<DeskTool, "input" | "run"> & { input: Input; run(args: z.infer<Input>, line: ToolLine): Promise<ToolReply> }): DeskTool {
  return { ...definition, run: async (args, line) => definition.run(definition.input.parse(args), line) };
}

function text(content: string): ToolReply {
  return { content: [{ type: "text", text: content }] };
}

function refusal(why: string): ToolReply {
  return { ...text(why), isError: true };
}
