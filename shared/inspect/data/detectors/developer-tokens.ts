/** Credentials of code hosts, package registries, infrastructure tools and model providers. */
import type { DataClass } from "../finding.ts";
import { tokenDetector, type TokenFormat } from "./token.ts";

const ai: DataClass = "secret.ai-provider-key";
const service: DataClass = "secret.service-token";
const registry: DataClass = "secret.package-registry-token";

const AI: readonly TokenFormat[] = [
  { class: ai, anchors: ["sk-ant-"], pattern: /sk-ant-[a-z0-9]{2,12}-[\w-]{32,128}/y },
  { class: ai, anchors: ["sk-proj-", "sk-svcacct-", "sk-admin-", "sk-service-"], pattern: /sk-(?:proj|svcacct|admin|service)-[\w-]{40,200}/y },
  { class: ai, anchors: ["sk-or-v1-"], pattern: /sk-or-v1-[0-9a-f]{64}/y },
  { class: ai, anchors: ["sk-"], pattern: /sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}/y },
  { class: ai, anchors: ["sk-"], pattern: /sk-[A-Za-z0-9]{32,64}/y, confidence: 0.88, check: (token) => /\d/.test(token) },
  { class: ai, anchors: ["hf_", "api_org_"], pattern: /(?:hf|api_org)_[A-Za-z0-9]{34}/y, minEntropy: 3 },
  { class: ai, anchors: ["r8_"], pattern: /r8_[A-Za-z0-9]{37}/y },
  { class: ai, anchors: ["gsk_"], pattern: /gsk_[A-Za-z0-9]{52}/y },
  { class: ai, anchors: ["xai-"], pattern: /xai-[A-Za-z0-9]{70,90}/y },
  { class: ai, anchors: ["pplx-"], pattern: /pplx-[A-Za-z0-9]{48}/y },
  { class: ai, anchors: ["lsv2_"], pattern: /lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}/y },
  { class: ai, anchors: ["csk-"], pattern: /csk-[a-z0-9]{48}/y },
  { class: ai, anchors: ["nvapi-"], pattern: /nvapi-[\w-]{60,80}/y },
];

const CODE: readonly TokenFormat[] = [
  { class: "secret.github-token", anchors: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], pattern: /gh[pousr]_[A-Za-z0-9]{36,255}/y, minEntropy: 3 },
  { class: "secret.github-token", anchors: ["github_pat_"], pattern: /github_pat_\w{60,100}/y, minEntropy: 3 },
  { class: "secret.gitlab-token", anchors: ["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "gloas-", "glsoat-", "glffct-", "glwt-"], pattern: /gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-(?:t\d_)?[\w.-]{20,80}/y, minEntropy: 3 },
  { class: "secret.gitlab-token", anchors: ["gr1348941"], pattern: /GR1348941[\w-]{20}/y, minEntropy: 3 },
  { class: "secret.gitlab-token", anchors: ["_gitlab_session="], pattern: /_gitlab_session=([0-9a-z]{32})/y },
  { class: service, anchors: ["atatt3", "atctt3"], pattern: /AT[AC]TT3[\w=-]{60,250}/y },
  { class: service, anchors: ["bbdc-"], pattern: /BBDC-[A-Za-z0-9+/@_-]{40,50}/y },
  { class: service, anchors: ["sgp_"], pattern: /sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}/y },
  { class: service, anchors: ["ccipat_"], pattern: /CCIPAT_[A-Za-z0-9]{22}_[0-9a-f]{40}/y },
  { class: service, anchors: ["bkua_"], pattern: /bkua_[0-9a-f]{40}/y },
  { class: registry, anchors: ["npm_"], pattern: /npm_[A-Za-z0-9]{36}/y, minEntropy: 3 },
  { class: registry, anchors: ["pypi-age"], pattern: /pypi-AgE[IN][\w-]{50,1000}/y },
  { class: registry, anchors: ["rubygems_"], pattern: /rubygems_[0-9a-f]{48}/y },
  { class: registry, anchors: ["clojars_"], pattern: /CLOJARS_[a-z0-9]{60}/iy },
  { class: registry, anchors: ["dckr_pat_", "dckr_oat_"], pattern: /dckr_[po]at_[\w-]{27,40}/y },
  { class: registry, anchors: ["akcp"], pattern: /AKCp[A-Za-z0-9]{60,75}/y },
  { class: registry, anchors: ["cmvmdgtu"], pattern: /cmVmdGtu[A-Za-z0-9]{56}/y },
];

const INFRASTRUCTURE: readonly TokenFormat[] = [
  { class: "secret.vault-token", anchors: ["hvs.", "hvb.", "hvr."], pattern: /hv[sbr]\.[\w-]{24,300}/y, minEntropy: 3.2 },
  { class: "secret.vault-token", anchors: [".atlasv1."], pattern: /[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}/iy, back: 14 },
  { class: service, anchors: ["dapi"], pattern: /dapi[0-9a-f]{32}(?:-\d)?/y, minEntropy: 3 },
  { class: service, anchors: ["glsa_", "glc_"], pattern: /(?:glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_[A-Za-z0-9+/]{32,400}={0,3})/y, minEntropy: 3 },
  { class: service, anchors: ["eyjriijoi"], pattern: /eyJrIjoi[A-Za-z0-9]{70,400}={0,3}/y },
  { class: service, anchors: ["dt0c01.", "dt0s01.", "dt0s02."], pattern: /dt0[cs]0[12]\.[A-Z0-9]{8,24}\.[A-Z0-9]{64}/iy },
  { class: service, anchors: ["nrak-", "nrjs-", "nrii-", "nraa-"], pattern: /NR(?:AK-[A-Z0-9]{27}|JS-[a-f0-9]{19}|II-[\w-]{32}|AA-[a-f0-9]{27})/iy },
  { class: service, anchors: ["sntrys_", "sntryu_"], pattern: /sntry(?:s_eyJ[A-Za-z0-9+/=_-]{80,400}|u_[0-9a-f]{64})/y },
  { class: service, anchors: ["pul-"], pattern: /pul-[0-9a-f]{40}/y },
  { class: service, anchors: ["pnu_"], pattern: /pnu_[a-z0-9]{36}/iy },
  { class: service, anchors: ["pscale_"], pattern: /pscale_(?:tkn|pw|oauth)_[\w.=-]{32,64}/iy },
  { class: service, anchors: ["ico-"], pattern: /ico-[A-Za-z0-9]{32}/y, minEntropy: 3 },
  { class: service, anchors: ["dp.pt.", "dp.st.", "dp.ct.", "dp.sa."], pattern: /dp\.(?:pt|ct|sa|st(?:\.[a-z0-9_-]{2,35})?)\.[A-Za-z0-9]{40,44}/iy },
  { class: service, anchors: ["age-secret-key-1"], pattern: /AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}/y },
  { class: service, anchors: ["sbp_", "sb_secret_"], pattern: /sbp_[0-9a-f]{40}|sb_secret_[\w-]{22,40}/y },
  { class: service, anchors: ["swmtkn-1-"], pattern: /SWMTKN-1-[a-z0-9]{40,55}-[a-z0-9]{20,30}/y },
  { class: service, anchors: ["sdk-", "mob-", "api-"], pattern: /(?:sdk|mob|api)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/y, confidence: 0.7 },
];

export const developerTokens = tokenDetector("developer-tokens", [...AI, ...CODE, ...INFRASTRUCTURE]);
