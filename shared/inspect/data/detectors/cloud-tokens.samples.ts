/** Samples of cloud-tokens.ts. */
import { fill, type Samples } from "./samples.ts";

const awsId = "AKIA" + fill("base32", 16);
const awsSecret = fill("base64", 40);
const google = "AIza" + fill("alnum", 35);
const azure = fill("base64", 86) + "==";

export const samples: Samples = {
  match: [
    { text: `aws key ${awsId} in use`, class: "secret.aws-access-key", value: awsId },
    { text: `"ASIA${fill("base32", 16, 2)}"`, class: "secret.aws-access-key" },
    { text: `aws_secret_access_key = ${awsSecret}`, class: "secret.aws-secret-key", value: awsSecret },
    { text: `{"SecretAccessKey": "${awsSecret}"}`, class: "secret.aws-secret-key", value: awsSecret },
    { text: `maps?key=${google}&v=3`, class: "secret.google-api-key", value: google },
    { text: `GOCSPX-${fill("alnum", 28)}`, class: "secret.google-oauth" },
    { text: `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${azure};EndpointSuffix=x`, class: "secret.azure-key", value: azure },
    { text: `https://a.blob.core.windows.net/c?sv=2022-11-02&sig=${fill("base64", 43)}=`, class: "secret.azure-key" },
    { text: `dop_v1_${fill("hex", 64)}`, class: "secret.cloud-token" },
    { text: `tskey-auth-${fill("alnum", 12)}-${fill("alnum", 20)}`, class: "secret.cloud-token" },
  ],
  clean: [
    { text: "AKIAIOSFODNN7EXAMPLE is the id in the vendor's documentation" },
    { text: `XAKIA${fill("base32", 20)}` },
    { text: "The Asia region (ap-southeast-1) and Malaysia1234567890123" },
    { text: `AIza${"x".repeat(35)}` },
    { text: `integrity sha512-${fill("base64", 86)}==` },
  ],
};
