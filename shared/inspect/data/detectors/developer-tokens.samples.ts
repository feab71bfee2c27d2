/** Samples of developer-tokens.ts and shaped-tokens.ts. */
import { fill, type Samples } from "./samples.ts";

const github = "ghp_" + fill("alnum", 36);

export const samples: Samples = {
  match: [
    { text: `export GH=${github}`, class: "secret.github-token", value: github },
    { text: `gho_${fill("alnum", 36)}`, class: "secret.github-token" },
    { text: `github_pat_${fill("alnum", 22)}_${fill("alnum", 59)}`, class: "secret.github-token" },
    { text: `glpat-${fill("alnum", 20)}`, class: "secret.gitlab-token" },
    { text: `//registry.npmjs.org/:_authToken=npm_${fill("alnum", 36)}`, class: "secret.package-registry-token" },
    { text: `pypi-AgEI${fill("alnum", 90)}`, class: "secret.package-registry-token" },
    { text: `sk-ant-api03-${fill("alnum", 93)}AA`, class: "secret.ai-provider-key" },
    { text: `sk-proj-${fill("alnum", 64)}`, class: "secret.ai-provider-key" },
    { text: `sk-${fill("alnum", 20)}T3BlbkFJ${fill("alnum", 20, 2)}`, class: "secret.ai-provider-key" },
    { text: `hf_${fill("alnum", 34)}`, class: "secret.ai-provider-key" },
    { text: `hvs.${fill("alnum", 90)}`, class: "secret.vault-token" },
    { text: `dapi${fill("hex", 32)}`, class: "secret.service-token" },
    { text: `ATATT3${fill("alnum", 186)}=${fill("upper", 8)}`, class: "secret.service-token" },
    { text: `seed SU${fill("base32", 56)}`, class: "secret.service-token" },
    { text: `SK${fill("hex", 32)}`, class: "secret.service-token" },
    // Cut in two by a line break or a concatenation.
    { text: `const a = "${github.slice(0, 20)}" +\n  "${github.slice(20)}"`, class: "secret.github-token" },
    { text: `${github.slice(0, 16)}\n${github.slice(16)}`, class: "secret.github-token" },
  ],
  clean: [
    { text: `ghp_${"x".repeat(36)}` },
    { text: "ghp_short and task-force, risk-adjusted, npm_config_registry, hf_transfer" },
    { text: "disk-usage-of-the-whole-cluster-over-the-last-four-weeks-and-three-days" },
    { text: `import { sk } from "sk-learn-and-something-that-goes-on-for-a-while"` },
  ],
};
