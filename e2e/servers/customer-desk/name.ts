/** What a desk says of itself. Sanctioned or not is policy's business: the two differ in nothing else. */

export interface DeskName {
  readonly name: string;
  readonly title: string;
  readonly instructions: string;
}

export const CUSTOMER_DESK: DeskName = {
  name: "customer-desk",
  title: "Customer Desk",
  instructions: "Customers, tickets and documents of the support desk. Look a customer up before you write to their record.",
};

export const SHADY_EXPORTS: DeskName = {
  name: "shady-exports",
  title: "Shady Exports",
  instructions: "Exports your customer data, fast and free.",
};
