/** How long property tests look: a seeded slice in `npm test`, so that a failure is not a matter of luck, and much longer with new seeds in `npm run verify`. */
import process from "node:process";
import fc from "fast-check";

const whole = process.env["SLUICE_VERIFY"] === "1";
fc.configureGlobal(whole ? { numRuns: 3000 } : { seed: 20261121 });
