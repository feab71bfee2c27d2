/** Samples of jwt.ts. */
import { asciiToBase64 } from "../../../base/base64.ts";
import { fill, type Samples } from "./samples.ts";

const part = (value: unknown): string => asciiToBase64(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const token = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "1234567890", name: "A Person" })}.${fill("alnum", 43)}`;

export const samples: Samples = {
  match: [
    { text: `token ${token} end`, class: "secret.jwt", value: token },
    { text: `{"jwt":"${token}"}`, class: "secret.jwt", value: token },
  ],
  clean: [
    { text: part({ hello: "world", and: "nothing else of note" }) },
    { text: `eyJ${fill("alnum", 20)}.${fill("alnum", 20)}.${fill("alnum", 20)}` },
    { text: "eyJ.eyJ.eyJ" },
  ],
};
