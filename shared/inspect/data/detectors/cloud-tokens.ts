/** Credentials of cloud providers. */
import { tokenDetector } from "./token.ts";

export const cloudTokens = tokenDetector("cloud-tokens", [
  { class: "secret.aws-access-key", anchors: ["akia", "asia", "abia", "acca"], pattern: /(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}/y, minEntropy: 2.9 },
  {
    class: "secret.aws-secret-key",
    anchors: ["secretaccesskey", "secret_access_key", "secret-access-key", "secret access key", "aws_secret", "aws-secret", "secretkey", "secret_key"],
    // Forty characters of base64 right after the name.
    pattern: /[A-Za-z_ -]{8,30}["'`\]]{0,2}\s{0,4}(?:=>|:=|[:=,>])\s{0,4}["'`]{0,2}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/y,
    back: 4,
    minEntropy: 4,
    check: (token) => !/^[0-9a-f]+$/i.test(token),
  },
  { class: "secret.cloud-token", anchors: ["absk"], pattern: /ABSK[A-Za-z0-9+/]{100,140}={0,2}/y },
  { class: "secret.google-api-key", anchors: ["aiza"], pattern: /AIza[\w-]{35}/y, minEntropy: 3.4 },
  { class: "secret.google-oauth", anchors: ["gocspx-"], pattern: /GOCSPX-[\w-]{28}/y },
  { class: "secret.google-oauth", anchors: ["ya29."], pattern: /ya29\.[\w-]{24,512}/y },
  { class: "secret.azure-key", anchors: ["accountkey=", "sharedaccesskey="], pattern: /(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{43,88}={1,2})/iy, minEntropy: 4 },
  { class: "secret.azure-key", anchors: ["sig="], pattern: /sig=([A-Za-z0-9+/]{43}=|[A-Za-z0-9%]{40,60}%3d)/iy, minEntropy: 4 },
  { class: "secret.azure-key", anchors: ["7q~", "8q~"], pattern: /[\w.~-]{3}[78]Q~[\w.~-]{31,34}/y, back: 3 },
  { class: "secret.cloud-token", anchors: ["dop_v1_", "doo_v1_", "dor_v1_"], pattern: /do[opr]_v1_[0-9a-f]{64}/y },
  { class: "secret.cloud-token", anchors: ["ltai"], pattern: /LTAI[A-Za-z0-9]{12,24}/y, minEntropy: 3.2, check: (token) => /\d/.test(token) },
  { class: "secret.cloud-token", anchors: ["hrku-"], pattern: /HRKU-(?:AA[\w-]{58}|[0-9a-f-]{36})/y },
  { class: "secret.cloud-token", anchors: ["fo1_", "fm1r_", "fm1a_", "fm2_", "flyv1 "], pattern: /(?:fo1_[\w-]{43}|(?:FlyV1 )?fm[12][ra]?_[A-Za-z0-9+/]{80,512}={0,2})/y },
  { class: "secret.cloud-token", anchors: ["tskey-"], pattern: /tskey-[a-z]{2,12}-[A-Za-z0-9_-]{10,80}/y },
  { class: "secret.cloud-token", anchors: ["v1.0-"], pattern: /v1\.0-[a-f0-9]{24}-[a-f0-9]{146}/y },
  { class: "secret.cloud-token", anchors: ["tk-us-"], pattern: /tk-us-[\w-]{48}/y },
  { class: "secret.cloud-token", anchors: ["sha256~"], pattern: /sha256~[\w-]{43}/y },
]);
