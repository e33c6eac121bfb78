import type { ListenerPlan } from "../../config/settings/settings.ts";

/** Whether everybody may come in who reaches a listener, so that nobody need ask who it is. */
export function isOpen(
  { users, identity, allowAnonymous }: ListenerPlan,
): boolean {
  return allowAnonymous && users === undefined && identity === "none";
}
