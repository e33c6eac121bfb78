import config from "../../deno.json" with { type: "json" };
import { EXIT } from "../core/errors.ts";
import { BUILD } from "./build_info.ts";
import { print } from "./output.ts";

/** The version of this program, as `deno.json` names it. */
export const VERSION: string = config.version;

/** The version command. */
export function version(): Promise<number> {
  const build = BUILD === undefined
    ? "run from its source"
    : `commit ${BUILD.commit} of ${BUILD.date}`;
  print(
    `mailboxqtt ${VERSION} (${build}, Deno ${Deno.version.deno}, ${Deno.build.target})\n`,
  );
  return Promise.resolve(EXIT.ok);
}
