import config from "../../deno.json" with { type: "json" };
import { EXIT } from "../core/errors.ts";
import { print } from "./output.ts";

/** The version of this program, as `deno.json` names it. */
export const VERSION: string = config.version;

/** The version command. */
export function version(): Promise<number> {
  print(
    `mailboxqtt ${VERSION} (Deno ${Deno.version.deno}, ${Deno.build.target})\n`,
  );
  return Promise.resolve(EXIT.ok);
}
