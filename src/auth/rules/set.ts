// Who may do what, by a rule file. Read file.ts (the format), tree.ts and layers.ts (how rules are found and which one
// decides), this file, rights.ts (what one client may do) and explain.ts (why).

import { getOrMake } from "../../core/get_or_make.ts";
import type { RightsSource } from "../../session/rights.ts";
import { enter, type Layer, noRules, type SubjectRules } from "./layers.ts";
import { isUnspeakable, namesOf } from "./names.ts";
import type { Rule, RuleFile } from "./file.ts";
import { RuleRights } from "./rights.ts";

/** Users whose rights are kept for all of their clients. */
const MOST_SHARED = 1000;

/**
 * The rules of a file. The first of these that speaks of a topic decides, and in each a rule that forbids goes before
 * one that allows:
 *
 * 1. the user's own rules, or those for anonymous clients (mosquitto's);
 * 2. those of all groups that the user is in (ours);
 * 3. patterns, which hold for everybody (mosquitto's).
 *
 * What none of them speaks of is refused (mosquitto's).
 */
export class RuleSet implements RightsSource {
  /** The file that they are from. */
  readonly file: RuleFile;
  readonly #anonymous = noRules();
  readonly #users = new Map<string, SubjectRules>();
  readonly #groups = new Map<string, SubjectRules>();
  readonly #groupsOf = new Map<string, string[]>();
  readonly #patterns = noRules();
  /** Patterns that forbid, and in which names are to be put. */
  readonly #denials: Rule[] = [];
  readonly #namesClients: boolean;
  readonly #shared = new Map<string | undefined, RuleRights>();

  /** Takes a file without faults: one that has some is refused whole. Throws a `TypeError` otherwise. */
  constructor(file: RuleFile) {
    if (file.faults.length > 0) {
      throw new TypeError(
        `Cannot use the rules in ${file.path}: it has faults`,
      );
    }
    this.file = file;
    for (const rule of file.rules) enter(rule, this.#bookOf(rule));
    for (const [name, { members }] of file.groups) {
      for (const member of members) {
        getOrMake(this.#groupsOf, member, () => []).push(name);
      }
    }
    const patterns = file.rules.filter(({ subject }) =>
      subject.kind === "everybody"
    );
    this.#denials = patterns.filter(({ access, filter }) =>
      access === "deny" && /%[cu]/.test(filter)
    );
    this.#namesClients = patterns.some(({ filter }) => filter.includes("%c"));
  }

  /** What a user, or without one an anonymous client, may do under a client identifier. */
  rightsOf(user: string | undefined, clientId: string): RuleRights {
    if (this.#namesClients) return this.#newRights(user, clientId);
    if (this.#shared.size >= MOST_SHARED) this.#shared.clear();
    return getOrMake(this.#shared, user, () => this.#newRights(user));
  }

  /** The rights of a user's clients, or where rules ask for client identifiers, of one of them. */
  #newRights(user: string | undefined, clientId?: string): RuleRights {
    const groups = user === undefined ? [] : this.#groupsOf.get(user) ?? [];
    const own = user === undefined ? this.#anonymous : this.#users.get(user);
    const closing = this.#denials.find((rule) =>
      isUnspeakable(rule, user, clientId)
    );
    const layers = [
      layerOf(own === undefined ? [] : [own]),
      layerOf(groups.flatMap((name) => this.#groups.get(name) ?? [])),
      layerOf([this.#patterns]),
    ];
    // What a pattern forbids must not become allowed because a client has an odd name.
    if (closing !== undefined) layers[2] = { ...layers[2]!, grants: [] };
    return new RuleRights({
      file: this.file,
      user,
      clientId,
      names: namesOf(user, clientId),
      layers,
      closing,
    });
  }

  #bookOf({ subject }: Rule): SubjectRules {
    switch (subject.kind) {
      case "anonymous":
        return this.#anonymous;
      case "everybody":
        return this.#patterns;
      case "user":
        return getOrMake(this.#users, subject.name, noRules);
      case "group":
        return getOrMake(this.#groups, subject.name, noRules);
    }
  }
}

function layerOf(books: readonly SubjectRules[]): Layer {
  return {
    denials: books.map(({ denials }) => denials),
    grants: books.map(({ grants }) => grants),
  };
}
