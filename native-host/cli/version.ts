/** `sluice version`: what is running here, for bug reports. */
import process from "node:process";
import manifest from "../../package.json" with { type: "json" };
import { RECORD_VERSION } from "../../shared/events/record.ts";
import { HOST_SEAM } from "../../shared/messages/host.ts";
import { ENGINE } from "../../shared/policy/language.ts";
import type { Command } from "./command.ts";

export const VERSION: string = manifest.version;

const command: Command = {
  summary: "Show the version of Sluice and of what it runs on",
  usage: "Usage: sluice version",
  async run(_argv, io) {
    io.stdout.write(`sluice ${VERSION}\nnode ${process.version} ${process.platform} ${process.arch}\npolicy engine ${ENGINE}, browser link ${HOST_SEAM}, records ${RECORD_VERSION}\n`);
    return 0;
  },
};
export default command;
