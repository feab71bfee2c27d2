/** Samples of email.ts. */
import type { Samples } from "./samples.ts";

const email = "pii.email";

export const samples: Samples = {
  match: [
    { text: "write to jane.doe+news@contoso.co.uk.", class: email, value: "jane.doe+news@contoso.co.uk" },
    { text: "<o'brien@example.com>", class: email, value: "o'brien@example.com" },
    { text: "mailto:someone@xn--bcher-kva.example?subject=x", class: email },
    { text: "From: A Person <a_person@mail.example.org>", class: email, value: "a_person@mail.example.org" },
  ],
  clean: [
    { text: "git clone git@github.com:acme/repo.git" },
    { text: "ssh admin@host, user@localhost, root@server.local" },
    { text: "npm i @acme/pkg react@18.2.0 lodash@latest x@npm:y" },
    { text: "icon@2x.png logo@3x.svg" },
    { text: "https://someone@host.example.com/path" },
    { text: "@Override @media (min-width: 1px) a@b a.@b.c" },
  ],
};
