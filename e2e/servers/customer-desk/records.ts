/** The desk's synthetic data. Every person is made up; mail is at example domains (RFC 2606), phone numbers come from ranges reserved for fiction, card numbers are the payment networks' published test numbers, IBANs are the registry's examples. */

export interface Customer {
  readonly id: string;
  readonly name: string;
  readonly company: string;
  readonly city: string;
  readonly email: string;
  readonly phone: string;
  readonly card: string;
  readonly iban: string;
  readonly plan: "starter" | "team" | "enterprise";
  readonly since: string;
}

export interface Ticket {
  readonly id: string;
  readonly customerId: string;
  readonly status: "open" | "waiting" | "closed";
  readonly subject: string;
  readonly text: string;
}

export interface DeskDocument {
  readonly id: string;
  readonly title: string;
  readonly classification: "public" | "confidential";
  readonly markdown: string;
}

export const CUSTOMERS: readonly Customer[] = [
  { id: "c-1001", name: "Ada Quillfeather", company: "Northwind Looms", city: "Leeds", email: "ada.quillfeather@example.com", phone: "+44 20 7946 0018", card: "4242 4242 4242 4242", iban: "GB82 WEST 1234 5698 7654 32", plan: "enterprise", since: "2021-03-14" },
  { id: "c-1002", name: "Bruno Aldermatt", company: "Aldermatt Uhren", city: "Zürich", email: "bruno@aldermatt.example", phone: "+1 202 555 0143", card: "5555 5555 5555 4444", iban: "CH93 0076 2011 6238 5295 7", plan: "team", since: "2022-11-02" },
  { id: "c-1003", name: "Celestine Okwuosa", company: "Harbour Analytics", city: "Bristol", email: "celestine.okwuosa@example.org", phone: "+44 117 496 0027", card: "4000 0566 5566 5556", iban: "IE29 AIBK 9311 5212 3456 78", plan: "enterprise", since: "2020-06-30" },
  { id: "c-1004", name: "Dorian Feldwebel", company: "Feldwebel & Söhne", city: "Berlin", email: "d.feldwebel@example.net", phone: "+49 30 23125 014", card: "3782 822463 10005", iban: "DE89 3704 0044 0532 0130 00", plan: "starter", since: "2024-01-09" },
  { id: "c-1005", name: "Eulalie Marchetti", company: "Atelier Marchetti", city: "Lyon", email: "eulalie@marchetti.example", phone: "+33 1 99 00 12 34", card: "5105 1051 0510 5100", iban: "FR14 2004 1010 0505 0001 3M02 606", plan: "team", since: "2023-08-21" },
  { id: "c-1006", name: "Farid Solheim", company: "Solheim Fjordkraft", city: "Bergen", email: "farid.solheim@example.com", phone: "+1 202 555 0178", card: "4111 1111 1111 1111", iban: "NO93 8601 1117 947", plan: "enterprise", since: "2019-12-01" },
  { id: "c-1007", name: "Greta van Houten-Bos", company: "Bos Bloemen", city: "Utrecht", email: "greta@bosbloemen.example", phone: "+1 202 555 0191", card: "6011 1111 1111 1117", iban: "NL91 ABNA 0417 1643 00", plan: "starter", since: "2025-05-17" },
  { id: "c-1008", name: "Hideo Tanabata", company: "Tanabata Ceramics", city: "Osaka", email: "hideo.tanabata@example.org", phone: "+1 202 555 0112", card: "3566 0020 2036 0505", iban: "AT61 1904 3002 3457 3201", plan: "team", since: "2022-02-11" },
];

export const TICKETS: readonly Ticket[] = [
  { id: "t-5001", customerId: "c-1001", status: "open", subject: "Invoice shows the wrong VAT number", text: "Ada asks for a corrected invoice to ada.quillfeather@example.com before Friday." },
  { id: "t-5002", customerId: "c-1003", status: "waiting", subject: "Export stops at 10,000 rows", text: "Waiting for the customer's sample file. Reproduced on staging with synthetic rows." },
  { id: "t-5003", customerId: "c-1004", status: "open", subject: "Two-factor phone lost", text: "Please call back on +49 30 23125 014 after 14:00." },
  { id: "t-5004", customerId: "c-1006", status: "closed", subject: "Dark theme unreadable on the projector", text: "Fixed with release 8.2, the customer confirmed." },
  { id: "t-5005", customerId: "c-1007", status: "open", subject: "Question about the starter plan", text: "How many seats does the starter plan include?" },
];

export const DOCUMENTS: readonly DeskDocument[] = [
  {
    id: "d-77",
    title: "Renewal strategy 2027",
    classification: "confidential",
    markdown: [
      "# Renewal strategy 2027",
      "",
      "**Classification: CONFIDENTIAL, internal use only**",
      "",
      "| Customer | Plan | Floor price | Note |",
      "| --- | --- | --- | --- |",
      "| Northwind Looms | enterprise | 41,200 | decision maker: Ada Quillfeather |",
      "| Harbour Analytics | enterprise | 38,900 | evaluates a competitor until March |",
      "| Solheim Fjordkraft | enterprise | 52,000 | renews by board vote |",
      "",
      "Do not share floor prices outside the renewals team.",
      "",
    ].join("\n"),
  },
  {
    id: "d-12",
    title: "Opening hours of the desk",
    classification: "public",
    markdown: "# Opening hours\n\nMonday to Friday, 8:00 to 18:00 UTC. Answers within one working day.\n",
  },
];
