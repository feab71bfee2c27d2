/** What lies behind a server: files, code, a database, mail … Inferred from the package, the host of the URL and the tools; policy may correct it. */
import type { PackageIdentity, ServerIdentity } from "../mcp/identity.ts";
import { plainText } from "./plain-text.ts";

export type DataSourceKind =
  | "files" | "code" | "database" | "mail" | "calendar" | "tickets" | "crm" | "messages" | "web" | "cloud-storage"
  | "documents" | "payments" | "design" | "monitoring" | "infrastructure" | "memory" | "unknown";

export interface DataSource {
  readonly kind: DataSourceKind;
  /** For people: `GitHub`, `Files on this computer`. */
  readonly name: string;
  /** Why we think so: `package @modelcontextprotocol/server-filesystem`, `host api.githubcopilot.com`, `tools send_email, …`. */
  readonly evidence: readonly string[];
}

interface Product {
  readonly kind: DataSourceKind;
  readonly name: string;
  /** Words in a package or command name. */
  readonly words: readonly string[];
  /** Registrable domains; sub-domains count. */
  readonly hosts?: readonly string[];
}

const PRODUCTS: readonly Product[] = [
  { kind: "code", name: "GitHub", words: ["github"], hosts: ["github.com", "githubcopilot.com"] },
  { kind: "code", name: "GitLab", words: ["gitlab"], hosts: ["gitlab.com"] },
  { kind: "code", name: "Bitbucket", words: ["bitbucket"], hosts: ["bitbucket.org"] },
  { kind: "code", name: "Git repositories", words: ["git", "serena"] },
  { kind: "tickets", name: "Jira and Confluence", words: ["atlassian", "jira", "confluence"], hosts: ["atlassian.com", "atlassian.net"] },
  { kind: "tickets", name: "Linear", words: ["linear"], hosts: ["linear.app"] },
  { kind: "tickets", name: "Asana", words: ["asana"], hosts: ["asana.com"] },
  { kind: "tickets", name: "Zendesk", words: ["zendesk"], hosts: ["zendesk.com"] },
  { kind: "tickets", name: "ServiceNow", words: ["servicenow"], hosts: ["service-now.com"] },
  { kind: "tickets", name: "monday.com", words: ["monday"], hosts: ["monday.com"] },
  { kind: "crm", name: "Salesforce", words: ["salesforce", "sfdc"], hosts: ["salesforce.com", "force.com"] },
  { kind: "crm", name: "HubSpot", words: ["hubspot"], hosts: ["hubspot.com", "hubapi.com"] },
  { kind: "crm", name: "Intercom", words: ["intercom"], hosts: ["intercom.com"] },
  { kind: "messages", name: "Slack", words: ["slack"], hosts: ["slack.com"] },
  { kind: "messages", name: "Discord", words: ["discord"], hosts: ["discord.com"] },
  { kind: "messages", name: "Microsoft Teams", words: ["teams"] },
  { kind: "messages", name: "Telegram", words: ["telegram"] },
  { kind: "messages", name: "WhatsApp", words: ["whatsapp"] },
  { kind: "mail", name: "Gmail", words: ["gmail"], hosts: ["gmail.com", "mail.google.com"] },
  { kind: "mail", name: "Outlook", words: ["outlook"], hosts: ["outlook.com", "office365.com"] },
  { kind: "mail", name: "E-mail", words: ["imap", "smtp", "email", "mail", "sendgrid", "resend", "mailgun"] },
  { kind: "calendar", name: "Calendar", words: ["calendar", "gcal", "caldav"] },
  { kind: "cloud-storage", name: "Google Drive", words: ["gdrive", "googledrive"], hosts: ["drive.google.com"] },
  { kind: "cloud-storage", name: "Dropbox", words: ["dropbox"], hosts: ["dropbox.com"] },
  { kind: "cloud-storage", name: "Box", words: ["box"], hosts: ["box.com"] },
  { kind: "cloud-storage", name: "OneDrive and SharePoint", words: ["onedrive", "sharepoint"], hosts: ["sharepoint.com"] },
  { kind: "cloud-storage", name: "Amazon S3", words: ["s3"] },
  { kind: "documents", name: "Notion", words: ["notion"], hosts: ["notion.com", "notion.so"] },
  { kind: "documents", name: "Obsidian", words: ["obsidian"] },
  { kind: "documents", name: "Airtable", words: ["airtable"], hosts: ["airtable.com"] },
  { kind: "database", name: "PostgreSQL", words: ["postgres", "postgresql"] },
  { kind: "database", name: "MySQL", words: ["mysql", "mariadb"] },
  { kind: "database", name: "SQLite", words: ["sqlite"] },
  { kind: "database", name: "MongoDB", words: ["mongodb", "mongo"], hosts: ["mongodb.com"] },
  { kind: "database", name: "Redis", words: ["redis"] },
  { kind: "database", name: "Supabase", words: ["supabase"], hosts: ["supabase.com", "supabase.co"] },
  { kind: "database", name: "Neon", words: ["neon"], hosts: ["neon.tech"] },
  { kind: "database", name: "Snowflake", words: ["snowflake"], hosts: ["snowflakecomputing.com"] },
  { kind: "database", name: "BigQuery", words: ["bigquery"] },
  { kind: "database", name: "Database", words: ["database", "db", "sql", "mssql", "clickhouse", "elasticsearch"] },
  { kind: "payments", name: "Stripe", words: ["stripe"], hosts: ["stripe.com"] },
  { kind: "payments", name: "PayPal", words: ["paypal"], hosts: ["paypal.com"] },
  { kind: "payments", name: "Square", words: ["square"], hosts: ["squareup.com"] },
  { kind: "design", name: "Figma", words: ["figma"], hosts: ["figma.com"] },
  { kind: "design", name: "Canva", words: ["canva"], hosts: ["canva.com"] },
  { kind: "monitoring", name: "Sentry", words: ["sentry"], hosts: ["sentry.dev", "sentry.io"] },
  { kind: "monitoring", name: "Datadog", words: ["datadog"], hosts: ["datadoghq.com"] },
  { kind: "monitoring", name: "Grafana", words: ["grafana"], hosts: ["grafana.com"] },
  { kind: "infrastructure", name: "Cloudflare", words: ["cloudflare"], hosts: ["cloudflare.com"] },
  { kind: "infrastructure", name: "Amazon Web Services", words: ["aws", "awslabs"], hosts: ["amazonaws.com", "aws.dev"] },
  { kind: "infrastructure", name: "Microsoft Azure", words: ["azure"], hosts: ["azure.com"] },
  { kind: "infrastructure", name: "Kubernetes", words: ["kubernetes", "k8s"] },
  { kind: "infrastructure", name: "Vercel", words: ["vercel"], hosts: ["vercel.com"] },
  { kind: "infrastructure", name: "Docker", words: ["docker"] },
  { kind: "files", name: "Files on this computer", words: ["filesystem", "files", "file", "fs", "desktop-commander"] },
  { kind: "web", name: "Web browser", words: ["puppeteer", "playwright", "browser", "chrome", "devtools", "browserbase"] },
  { kind: "web", name: "Web pages", words: ["fetch", "web", "brave", "tavily", "exa", "firecrawl", "search", "scrape"], hosts: ["tavily.com", "exa.ai", "firecrawl.dev"] },
  { kind: "documents", name: "Library documentation", words: ["context7", "docs"], hosts: ["context7.com", "deepwiki.com"] },
  { kind: "memory", name: "Memory", words: ["memory"] },
];

/** Nouns in tool names, for servers whose name says nothing. */
const TOOL_NOUNS: readonly { kind: DataSourceKind; name: string; words: readonly string[] }[] = [
  { kind: "files", name: "Files", words: ["file", "files", "directory", "directories", "folder"] },
  { kind: "mail", name: "E-mail", words: ["email", "emails", "mail", "inbox", "mailbox"] },
  { kind: "calendar", name: "Calendar", words: ["calendar", "calendars", "meeting", "meetings"] },
  { kind: "tickets", name: "Tickets", words: ["ticket", "tickets", "issue", "issues", "sprint"] },
  { kind: "crm", name: "Customer records", words: ["customer", "customers", "lead", "leads", "contact", "contacts", "deal", "deals", "opportunity"] },
  { kind: "messages", name: "Messages", words: ["message", "messages", "channel", "channels", "chat"] },
  { kind: "database", name: "Database", words: ["sql", "table", "tables", "database", "schema", "collection"] },
  { kind: "code", name: "Source code", words: ["repository", "repo", "repos", "commit", "commits", "branch", "pull", "code"] },
  { kind: "payments", name: "Payments", words: ["payment", "payments", "refund", "invoice", "invoices", "payout"] },
  { kind: "web", name: "Web pages", words: ["url", "webpage", "web", "page", "browser", "screenshot"] },
  { kind: "documents", name: "Documents", words: ["document", "documents", "doc", "docs", "note", "notes", "wiki"] },
  { kind: "cloud-storage", name: "Cloud storage", words: ["bucket", "buckets", "blob", "drive"] },
  { kind: "monitoring", name: "Monitoring", words: ["alert", "alerts", "metric", "metrics", "dashboard", "incident"] },
  { kind: "infrastructure", name: "Infrastructure", words: ["pod", "pods", "cluster", "container", "containers", "deployment"] },
];

export const UNKNOWN_SOURCE: DataSource = { kind: "unknown", name: "Not known", evidence: [] };

/** Best guess at what a server gives access to. A server's own name for itself is no evidence. */
export function dataSourceOf(entry: { readonly identity: ServerIdentity; readonly tools?: readonly { readonly name: string }[] }): DataSource {
  const { identity } = entry;
  return (identity.kind === "remote" ? fromHost(identity.url) : fromPackage(identity.command, identity.args, identity.package)) ?? fromTools(entry.tools ?? []) ?? UNKNOWN_SOURCE;
}

function fromHost(url: string): DataSource | undefined {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  const product = PRODUCTS.find(({ hosts }) => hosts?.some((domain) => host === domain || host.endsWith(`.${domain}`)));
  return product && { kind: product.kind, name: product.name, evidence: [`host ${host}`] };
}

function fromPackage(command: string, args: readonly string[], found: PackageIdentity | undefined): DataSource | undefined {
  const bridged = args.find((arg) => /^https?:\/\//.test(arg));
  if (bridged && /remote|proxy|bridge|supergateway/.test(found?.name ?? command)) {
    const behind = fromHost(bridged);
    if (behind) return behind;
  }
  // Without a package, the file that an interpreter runs says most: `node /opt/tools/slack-server.js`.
  const script = args.find((arg) => !arg.startsWith("-") && /\.(m?js|cjs|ts|py|rb|jar)$/.test(arg));
  const name = found?.name ?? script?.slice(Math.max(script.lastIndexOf("/"), script.lastIndexOf("\\")) + 1) ?? command;
  // The scope (`@github/…`) names the publisher, which says less than the package itself but still something.
  const [scope, own] = name.startsWith("@") && name.includes("/") ? [name.slice(1, name.indexOf("/")), name.slice(name.indexOf("/") + 1)] : ["", name];
  for (const text of [own, scope]) {
    const words = new Set(text.toLowerCase().split(/[^a-z0-9]+/));
    const product = PRODUCTS.find((candidate) => candidate.words.some((word) => words.has(word) || word === text.toLowerCase()));
    if (product) return { kind: product.kind, name: product.name, evidence: [found ? `package ${name}` : `command ${name}`] };
  }
  return undefined;
}

function fromTools(tools: readonly { readonly name: string }[]): DataSource | undefined {
  let best: { kind: DataSourceKind; name: string; hits: string[] } | undefined;
  for (const group of TOOL_NOUNS) {
    const hits = tools.filter((tool) => tool.name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase().split(/[^a-z0-9]+/).some((word) => group.words.includes(word))).map((tool) => tool.name);
    if (hits.length > (best?.hits.length ?? 0)) best = { kind: group.kind, name: group.name, hits };
  }
  if (!best) return undefined;
  const shown = best.hits.slice(0, 3).map((name) => plainText(name, 60)).join(", ");
  return { kind: best.kind, name: best.name, evidence: [`tools ${shown}${best.hits.length > 3 ? ", …" : ""}`] };
}
