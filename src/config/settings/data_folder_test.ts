import assert from "node:assert/strict";
import {
  dataLocation,
  type Environment,
  type StateVariable,
} from "./data_folder.ts";

function environment(
  values: Partial<Record<StateVariable, string>>,
): Environment {
  return (name) => values[name];
}

Deno.test("dataLocation is what --data says, whatever the environment does", () => {
  const full = environment({ STATE_DIRECTORY: "/s", HOME: "/h" });
  assert.deepEqual(dataLocation("none", full), { type: "memory" });
  assert.deepEqual(dataLocation("/a/b", full), {
    type: "folder",
    folder: "/a/b",
  });
});

Deno.test("dataLocation without --data is systemd's folder, else one in the user's home", () => {
  const XDG_STATE_HOME = "/x";
  const HOME = "/h";
  const cases = [
    [{ STATE_DIRECTORY: "/var/lib/m", XDG_STATE_HOME, HOME }, "/var/lib/m"],
    [{ STATE_DIRECTORY: "/var/lib/m:/var/lib/n" }, "/var/lib/m"],
    [{ STATE_DIRECTORY: "", XDG_STATE_HOME, HOME }, "/x/mailboxqtt"],
    [{ XDG_STATE_HOME: "relative", HOME }, "/h/.local/state/mailboxqtt"],
    [{ XDG_STATE_HOME: "", HOME }, "/h/.local/state/mailboxqtt"],
  ] as const;
  for (const [values, folder] of cases) {
    const place = dataLocation(undefined, environment(values));
    assert.deepEqual(place, { type: "folder", folder });
  }
});

Deno.test("dataLocation is nowhere if nothing says where, and tells why", () => {
  for (const values of [{}, { HOME: "" }]) {
    const place = dataLocation(undefined, environment(values));
    assert.equal(place.type, "nowhere");
  }
});
