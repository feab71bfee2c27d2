/** Templates for the Group Policy editor: ADMX says what there is, ADML how it reads. */
import { FAMILY } from "../browsers.ts";
import { objectOf, type Json } from "../json.ts";
import { MANAGED_KEYS, type ManagedKey } from "../managed-keys.ts";
import type { Settings } from "../settings.ts";
import type { FamilyBrowser } from "../target.ts";
import { xmlText } from "./xml.ts";

interface Template {
  readonly admx: string;
  /** For the folder `en-US`. */
  readonly adml: string;
}

/** Longer than any value but a whole policy; the editor's own limit is 1023 characters. */
const MAX_TEXT = 1_048_576;

/** Firefox takes the extension's keys as one string of JSON, which an editor with one line for each cannot write: no template for it. */
export function admxTemplate(browser: FamilyBrowser, settings: Settings): Template {
  const { title, policyKey } = FAMILY[browser];
  const root = `SOFTWARE\\Policies\\${policyKey}`;
  const strings = new Map<string, string>([
    ["Category", `Sluice (${title})`],
    ["Supported", `${title} 120 or later on Windows 10 or later`],
  ]);
  const presentations: string[] = [];
  const policies = [
    forceInstall(root, settings, strings),
    ...Object.entries(settings.policies).filter(([, value]) => typeof value === "number" || typeof value === "boolean").map(([name, value]) => scalar(root, name, value, strings)),
    ...MANAGED_KEYS.map((key) => managed(`${root}\\3rdparty\\extensions\\${settings.extensionId}\\policy`, key, strings, presentations)),
  ];
  const admx = `<?xml version="1.0" encoding="utf-8"?>
<policyDefinitions xmlns="http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions" revision="1.0" schemaVersion="1.0">
  <policyNamespaces>
    <target prefix="sluice" namespace="Sluice.Policies.${browser}"/>
  </policyNamespaces>
  <resources minRequiredRevision="1.0"/>
  <supportedOn>
    <definitions>
      <definition name="Supported" displayName="$(string.Supported)"/>
    </definitions>
  </supportedOn>
  <categories>
    <category name="Sluice" displayName="$(string.Category)"/>
  </categories>
  <policies>
${policies.join("\n")}
  </policies>
</policyDefinitions>
`;
  const adml = `<?xml version="1.0" encoding="utf-8"?>
<policyDefinitionResources xmlns="http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions" revision="1.0" schemaVersion="1.0">
  <displayName>Sluice for ${xmlText(title)}</displayName>
  <description>Installs Sluice and tells it which policy holds.</description>
  <resources>
    <stringTable>
${[...strings].map(([id, text]) => `      <string id="${id}">${xmlText(text)}</string>`).join("\n")}
    </stringTable>
    <presentationTable>
${presentations.join("\n")}
    </presentationTable>
  </resources>
</policyDefinitionResources>
`;
  return { admx, adml };
}

function forceInstall(root: string, { policies, extensionId }: Settings, strings: Map<string, string>): string {
  const key = xmlText(`${root}\\ExtensionSettings\\${extensionId}`);
  const entry = Object.entries(objectOf(objectOf(policies["ExtensionSettings"])[extensionId]));
  strings.set("ForceInstall", "Install Sluice for everybody");
  strings.set("ForceInstall_Explain", "Installs the extension; people can neither remove it nor switch it off. It has a key of its own, so settings of other extensions stay. If ExtensionSettings is set as one text elsewhere, add Sluice to that text instead.");
  return `    <policy name="ForceInstall" class="Machine" displayName="$(string.ForceInstall)" explainText="$(string.ForceInstall_Explain)" key="${key}">
${PLACE}
      <enabledList>
${entry.map(([name, value]) => `        <item key="${key}" valueName="${xmlText(name)}"><value>${constant(value)}</value></item>`).join("\n")}
      </enabledList>
      <disabledList>
${entry.map(([name]) => `        <item key="${key}" valueName="${xmlText(name)}"><value><delete/></value></item>`).join("\n")}
      </disabledList>
    </policy>`;
}

const PLACE = `      <parentCategory ref="Sluice"/>
      <supportedOn ref="Supported"/>`;

const EXPLAINED: Readonly<Record<string, readonly [title: string, help: string]>> = {
  NativeMessagingUserLevelHosts: ["Only hosts that an administrator registered", "Otherwise any program of the person's could stand in for the Sluice host."],
  BrowserGuestModeEnabled: ["No guest windows", "Extensions do not run in guest windows."],
  IncognitoModeAvailability: ["No incognito windows", "Forced extensions do not run in incognito windows."],
  InPrivateModeAvailability: ["No InPrivate windows", "Forced extensions do not run in InPrivate windows."],
};

function scalar(root: string, name: string, value: Json, strings: Map<string, string>): string {
  const [title, help] = EXPLAINED[name] ?? [name, "See the browser's own documentation."];
  strings.set(name, title);
  strings.set(`${name}_Explain`, `${help} Sets ${name}, which the browser's own template has as well: set it in one of them.`);
  return `    <policy name="${name}" class="Machine" displayName="$(string.${name})" explainText="$(string.${name}_Explain)" key="${xmlText(root)}" valueName="${name}">
${PLACE}
      <enabledValue>${constant(value)}</enabledValue>
      <disabledValue><delete/></disabledValue>
    </policy>`;
}

function constant(value: Json): string {
  return typeof value === "string" ? `<string>${xmlText(value)}</string>` : `<decimal value="${Number(value)}"/>`;
}

function managed(path: string, { name, type, title, help, oneOf }: ManagedKey, strings: Map<string, string>, presentations: string[]): string {
  strings.set(`managed_${name}`, title);
  strings.set(`managed_${name}_Explain`, help);
  const head = `    <policy name="managed_${name}" class="Machine" displayName="$(string.managed_${name})" explainText="$(string.managed_${name}_Explain)" key="${xmlText(path)}"`;
  if (type === "boolean") {
    return `${head} valueName="${name}">
${PLACE}
      <enabledValue><decimal value="1"/></enabledValue>
      <disabledValue><decimal value="0"/></disabledValue>
    </policy>`;
  }
  const element = type === "integer" ? `<decimal id="value" valueName="${name}" minValue="0" maxValue="999999999"/>` : oneOf ? choices(name, oneOf, strings) : `<text id="value" valueName="${name}" maxLength="${MAX_TEXT}"/>`;
  presentations.push(`      <presentation id="managed_${name}">${presented(type, oneOf, title)}</presentation>`);
  return `${head} presentation="$(presentation.managed_${name})">
${PLACE}
      <elements>
        ${element}
      </elements>
    </policy>`;
}

function choices(name: string, values: readonly string[], strings: Map<string, string>): string {
  for (const value of values) strings.set(`managed_${name}_${value}`, value);
  return `<enum id="value" valueName="${name}">${values.map((value) => `<item displayName="$(string.managed_${name}_${value})"><value><string>${value}</string></value></item>`).join("")}</enum>`;
}

function presented(type: ManagedKey["type"], oneOf: readonly string[] | undefined, title: string): string {
  if (type === "integer") return `<decimalTextBox refId="value">${xmlText(title)}</decimalTextBox>`;
  if (oneOf) return `<dropdownList refId="value" noSort="true">${xmlText(title)}</dropdownList>`;
  return `<textBox refId="value"><label>${xmlText(title)}</label></textBox>`;
}
