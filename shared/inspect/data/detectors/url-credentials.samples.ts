/** Samples of url-credentials.ts and authorization-header.ts. */
import { asciiToBase64 } from "../../../base/base64.ts";
import { fill, type Samples } from "./samples.ts";

const password = fill("alnum", 12);

export const samples: Samples = {
  match: [
    { text: `postgres://svc:${password}@db.internal:5432/app`, class: "secret.url-credentials", value: password },
    { text: `redis://:${password}@cache:6379`, class: "secret.url-credentials", value: password },
    { text: `git clone https://deploy:${password}@git.example.com/x.git`, class: "secret.url-credentials", value: password },
    { text: `Authorization: Bearer ${fill("alnum", 40)}`, class: "secret.authorization-header" },
    { text: `Authorization: Basic ${asciiToBase64(`svc:${password}`)}`, class: "secret.authorization-header" },
    { text: `Basic ${asciiToBase64(`svc:${password}`)}`, key: "Authorization", class: "secret.authorization-header" },
    { text: `curl -H "Authorization: Bearer ${fill("lower", 32)}" https://x`, class: "secret.authorization-header" },
  ],
  clean: [
    { text: "https://user:password@host/path and postgres://user:pass@localhost/db" },
    { text: "https://user:${TOKEN}@host, https://x:<token>@host, https://host:8080/@scope/pkg" },
    { text: "http://localhost:3000/a@b" },
    { text: "Authorization: Bearer <token>, Authorization: Bearer $TOKEN, Bearer authentication is required" },
    { text: "Basic usage of the token store; a bearer token that expires" },
  ],
};
