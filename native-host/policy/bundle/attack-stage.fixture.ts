/** Where attacks on signed bundles are tried: a publisher, a static server on loopback that can be told to misbehave, and a machine that follows. */
import { afterEach, beforeEach, expect } from "vitest";
import { openMachine, openPlace, openPublisher, START, type Machine, type Place, type Publisher } from "./fleet.fixture.ts";
import { openStaticServer, type StaticServer } from "./static-server.fixture.ts";
import type { TroubleCode } from "./trouble.ts";

export interface AttackStage {
  place: Place;
  site: Publisher;
  server: StaticServer;
  machine: Machine;
  newMachine(changes?: Partial<Machine["bootstrap"]>): Machine;
  /** Refused with this code, the policy that was there stays, and people can see both. */
  isRefused(code: TroubleCode, kept: number, on?: { of?: Machine; now?: number }): Promise<void>;
  /** Nothing at all is taken by a machine that has nothing. */
  takesNothing(of: Machine, code: TroubleCode, now?: number): Promise<void>;
}

/** A new one before each test of the file. */
export function useAttackStage(): AttackStage {
  let machines = 0;
  const stage = {
    newMachine: (changes = {}) => openMachine(stage.place, `new-${++machines}`, { bundleUrl: stage.server.url, rootSha256: stage.site.pin, ...changes }),
    async isRefused(code, kept, { of = stage.machine, now = START } = {}) {
      expect(await of.look(now)).toMatchObject({ kind: "trouble", trouble: { code }, kept });
      const { policy, source, status, errors } = await of.holds(now);
      expect(`${source} ${policy.id} ${policy.revision}`).toBe(`bundle acme ${kept}`);
      expect(status.trouble?.code).toBe(code);
      expect(errors.length > 0).toBe(code !== "unreachable");
    },
    async takesNothing(of, code, now = START) {
      expect(await of.look(now)).toMatchObject({ kind: "trouble", trouble: { code }, kept: null });
      expect((await of.holds(now)).source).toBe("baseline");
    },
  } as AttackStage;
  beforeEach(async () => {
    stage.place = openPlace();
    stage.site = await openPublisher(stage.place);
    stage.server = await openStaticServer(stage.site.folder);
    stage.machine = openMachine(stage.place, "m1", { bundleUrl: stage.server.url, rootSha256: stage.site.pin });
  });
  afterEach(async () => {
    await stage.server.close();
    stage.place.close();
  });
  return stage;
}
