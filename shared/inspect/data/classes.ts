/** Every data class this build can find: what people read, how bad it is, and which class wins where two overlap. */
import type { DataClass, Severity } from "./finding.ts";

export interface ClassInfo {
  /** For people: "GitHub token". */
  readonly title: string;
  readonly severity: Severity;
  /** Where two findings overlap the higher rank stays: 0 named by its surroundings only, 1 a header or URL part, 2 a format of its own. */
  readonly rank: 0 | 1 | 2;
}

const key = (title: string, severity: Severity = "high", rank: 0 | 1 | 2 = 2): ClassInfo => ({ title, severity, rank });

export const CLASSES: Readonly<Record<DataClass, ClassInfo>> = {
  "secret.private-key": key("Private key", "critical"),
  "secret.aws-access-key": key("AWS access key id", "critical"),
  "secret.aws-secret-key": key("AWS secret key", "critical"),
  "secret.google-api-key": key("Google API key"),
  "secret.google-oauth": key("Google OAuth secret"),
  "secret.azure-key": key("Azure key", "critical"),
  "secret.cloud-token": key("Cloud provider token", "critical"),
  "secret.github-token": key("GitHub token", "critical"),
  "secret.gitlab-token": key("GitLab token", "critical"),
  "secret.package-registry-token": key("Package registry token", "critical"),
  "secret.vault-token": key("Vault token", "critical"),
  "secret.ai-provider-key": key("AI provider key"),
  "secret.slack-token": key("Slack token"),
  "secret.slack-webhook": key("Slack webhook address"),
  "secret.stripe-key": key("Stripe key", "critical"),
  "secret.chat-bot-token": key("Chat bot token"),
  "secret.mail-service-key": key("Mail service key"),
  "secret.service-token": key("Service token"),
  "secret.jwt": key("JSON Web Token"),
  "secret.url-credentials": key("Password in a URL", "high", 1),
  "secret.authorization-header": key("Authorization header", "high", 1),
  "secret.password": key("Password", "high", 0),
  "secret.generic-key": key("Secret or API key", "high", 0),
  "pci.card-number": key("Payment card number"),
  "pii.iban": key("Bank account number (IBAN)", "medium"),
  "pii.email": key("E-mail address", "low"),
  "pii.phone": key("Phone number", "low"),
};

/** The globs that cover every class above; reported when a text could not be judged at all. */
export const ALL_CLASSES: readonly string[] = ["secret.*", "pci.*", "pii.*"];

const UNLISTED: ClassInfo = { title: "Sensitive value", severity: "medium", rank: 0 };

export function classInfo(name: DataClass): ClassInfo {
  return CLASSES[name] ?? UNLISTED;
}
