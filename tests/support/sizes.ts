/** Whether tests run at the sizes stated for them (MAILBOXQTT_LONG=1) and not at reduced ones. */
export const LONG: boolean = Deno.env.get("MAILBOXQTT_LONG") === "1";

/** Whether tests that measure say what they measured (MAILBOXQTT_FIGURES=1). */
export const FIGURES: boolean = Deno.env.get("MAILBOXQTT_FIGURES") === "1";
