/** Stand-in for `@std/cli/parse-args`, for machines that cannot reach JSR. Dotted names are not typed. */

/** A flag's names: one, several, or none. */
type Names<N> = N | ReadonlyArray<Extract<N, string>>;

type BooleanNames = boolean | string | undefined;
type StringNames = string | undefined;
type AliasMap = Readonly<Record<string, string | readonly string[]>>;

/** Options of `parseArgs`. */
export interface ParseOptions<
  B extends BooleanNames = BooleanNames,
  S extends StringNames = StringNames,
  C extends StringNames = StringNames,
  N extends StringNames = StringNames,
  D extends Record<string, unknown> | undefined =
    | Record<string, unknown>
    | undefined,
  A extends AliasMap | undefined = AliasMap | undefined,
  DD extends boolean | undefined = boolean | undefined,
> {
  /** Puts what follows `--` into a list of its own, rather than into `_`. */
  "--"?: DD;
  /** Other names of a flag. */
  alias?: A;
  /** Flags that take no value; `true` makes all of them so. */
  boolean?: Names<B>;
  /** Values of flags that are not given. */
  default?: D;
  /** Leaves everything after the first argument that is no flag as it is. */
  stopEarly?: boolean;
  /** Flags whose value is never turned into a number. */
  string?: Names<S>;
  /** Flags whose values are gathered in a list. */
  collect?: Names<C>;
  /** Flags that `--no-` turns off. */
  negatable?: Names<N>;
  /** Is told each argument that the options do not name; `false` leaves it out of the result. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

type NamesOf<X> = Extract<X, string>;
type Off<K, N> = K extends NamesOf<N> ? false : never;

type TypedFlags<B, S, C, N> =
  & { [K in Exclude<NamesOf<S>, NamesOf<C>>]?: string | Off<K, N> }
  & { [K in Extract<NamesOf<S>, NamesOf<C>>]: string[] | Off<K, N> }
  & { [K in Exclude<NamesOf<B>, NamesOf<C>>]: boolean }
  & { [K in Extract<NamesOf<B>, NamesOf<C>>]: boolean[] }
  & {
    [K in Exclude<NamesOf<C>, NamesOf<S> | NamesOf<B>>]: unknown[] | Off<K, N>;
  };

type WithDefaults<F, D> = D extends undefined ? F
  :
    & Omit<F, keyof D>
    & {
      [K in keyof D]: K extends keyof F ? D[K] | NonNullable<F[K]> : unknown;
    };

type NamesWithAliases<K, A> = K extends keyof A ? (
    | K
    | (A[K] extends string ? A[K]
      : A[K] extends readonly (infer E extends string)[] ? E
      : never)
  )
  : K;

type WithAliases<F, A> = { [K in keyof F as NamesWithAliases<K, A>]: F[K] };

type Flat<T> = { [K in keyof T]: T[K] };

/** What `parseArgs` returns: the flags, and in `_` the arguments that are none. */
export type Args<
  F extends Record<string, unknown> = Record<string, unknown>,
  DD extends boolean | undefined = undefined,
> = Flat<
  & F
  & {
    /** The arguments that are neither flags nor their values. */
    _: (string | number)[];
  }
  & (DD extends true ? { "--": string[] } : unknown)
>;

/** Turns command-line arguments into a record of flags. */
export function parseArgs<
  DD extends boolean | undefined = undefined,
  B extends BooleanNames = undefined,
  S extends StringNames = undefined,
  C extends StringNames = undefined,
  N extends StringNames = undefined,
  D extends Record<string, unknown> | undefined = undefined,
  const A extends AliasMap | undefined = undefined,
>(
  args: readonly string[],
  options: ParseOptions<B, S, C, N, D, A, DD> = {},
): Args<
  & Record<string, unknown>
  & WithAliases<WithDefaults<TypedFlags<B, S, C, N>, D>, A>,
  DD
> {
  const parser = new Parser(options as ParseOptions);
  return parser.parse(args) as ReturnType<
    typeof parseArgs<DD, B, S, C, N, D, A>
  >;
}

type Value = string | number | boolean;
type Tree = Record<string, unknown>;

class Parser {
  readonly #options: ParseOptions;
  /** For each name of a flag with aliases, all its other names. */
  readonly #others = new Map<string, string[]>();
  readonly #booleans: Set<string>;
  readonly #strings: Set<string>;
  readonly #collected: Set<string>;
  readonly #negatable: Set<string>;
  readonly #areAllBoolean: boolean;
  readonly #positional: (string | number)[] = [];
  readonly #result: Tree = { _: this.#positional };

  constructor(options: ParseOptions) {
    this.#options = options;
    for (const [name, alias] of Object.entries(options.alias ?? {})) {
      if (alias === undefined) {
        throw new TypeError("Alias value must be defined");
      }
      const names = [name, ...(typeof alias === "string" ? [alias] : alias)];
      for (const one of names) {
        this.#others.set(
          one,
          names.filter((other) => other !== one),
        );
      }
    }
    const { boolean } = options;
    this.#areAllBoolean = boolean === true;
    this.#booleans = this.#namesOf(
      typeof boolean === "boolean" ? undefined : boolean,
    );
    this.#strings = this.#namesOf(options.string);
    this.#collected = this.#namesOf(options.collect);
    this.#negatable = this.#namesOf(options.negatable);
  }

  #namesOf(names: string | readonly string[] | undefined): Set<string> {
    const list = typeof names === "string" ? [names] : names ?? [];
    return new Set(
      list.filter(Boolean).flatMap((name) => [name, ...this.#othersOf(name)]),
    );
  }

  #othersOf(name: string): readonly string[] {
    return this.#others.get(name) ?? [];
  }

  parse(all: readonly string[]): Tree {
    const end = all.indexOf("--");
    const args = end === -1 ? all : all.slice(0, end);
    const rest = end === -1 ? [] : all.slice(end + 1);
    let i = 0;
    while (i < args.length) {
      const arg = args[i]!;
      const next = args[i + 1];
      i++;
      if (arg.length > 2 && arg.startsWith("--")) {
        if (this.#long(arg, next)) i++;
      } else if (arg.length > 1 && arg.startsWith("-")) {
        if (this.#short(arg, next)) i++;
      } else {
        this.#plain(arg);
        if (!this.#options.stopEarly) continue;
        this.#positional.push(...args.slice(i));
        break;
      }
    }
    this.#fillIn();
    if (this.#options["--"]) this.#result["--"] = rest;
    else this.#positional.push(...rest);
    return this.#result;
  }

  #plain(arg: string): void {
    if (this.#options.unknown?.(arg) === false) return;
    this.#positional.push(
      this.#strings.has("_") || !isNumeric(arg) ? arg : Number(arg),
    );
  }

  /** Takes `--key`, `--key=value` or `--no-key`; says whether the next argument was its value. */
  #long(arg: string, next: string | undefined): boolean {
    const isNegated = arg.startsWith("--no-") && arg.length > "--no-".length;
    const start = isNegated ? "--no-".length : "--".length;
    const equals = arg.indexOf("=", start + 1);
    let key = arg.slice(start, equals === -1 ? undefined : equals);
    if (equals !== -1) {
      const value = arg.slice(equals + 1);
      this.#set(key, this.#booleans.has(key) ? value !== "false" : value, arg);
      return false;
    }
    if (isNegated) {
      if (this.#negatable.has(key)) {
        this.#set(key, false, arg, false);
        return false;
      }
      key = `no-${key}`;
    }
    const takes = !this.#booleans.has(key) && !this.#areAllBoolean &&
      !next?.startsWith("-");
    return this.#setFrom(key, arg, next, takes);
  }

  /** Takes `-k`, `-kvalue`, `-k=value` or a group `-abc`; says whether the next argument was a value. */
  #short(arg: string, next: string | undefined): boolean {
    for (let i = 1; i < arg.length - 1; i++) {
      const key = arg[i]!;
      const rest = arg.slice(i + 1);
      if (rest === "-") {
        this.#set(key, rest, arg);
        continue;
      }
      const value = attachedValue(key, rest);
      if (value !== undefined) {
        this.#set(key, value, arg);
        return false;
      }
      this.#set(key, this.#strings.has(key) ? "" : true, arg);
    }
    const key = arg.at(-1)!;
    if (key === "-") return false;
    const takes = !this.#booleans.has(key) && !/^--?[^-]/.test(next ?? "");
    return this.#setFrom(key, arg, next, takes);
  }

  #setFrom(
    key: string,
    arg: string,
    next: string | undefined,
    takes: boolean,
  ): boolean {
    if (next && takes) {
      this.#set(key, next, arg);
      return true;
    }
    if (next === "true" || next === "false") {
      this.#set(key, next === "true", arg);
      return true;
    }
    this.#set(key, this.#strings.has(key) ? "" : true, arg);
    return false;
  }

  #set(key: string, value: Value, arg: string, collects = true): void {
    const isKnown = this.#booleans.has(key) || this.#strings.has(key) ||
      this.#others.has(key) ||
      this.#collected.has(key) || this.#areAllBoolean && /^--[^=]+$/.test(arg);
    if (!isKnown && this.#options.unknown?.(arg, key, value) === false) return;
    const kept =
      typeof value === "string" && !this.#strings.has(key) && isNumeric(value)
        ? Number(value)
        : value;
    const isList = collects && this.#collected.has(key);
    for (const name of [key, ...this.#othersOf(key)]) {
      put(this.#result, name, kept, isList);
    }
  }

  /** Gives the flags that were not given their defaults. */
  #fillIn(): void {
    for (const [key, value] of Object.entries(this.#options.default ?? {})) {
      if (has(this.#result, key)) continue;
      for (const name of [key, ...this.#othersOf(key)]) {
        put(this.#result, name, value, false);
      }
    }
    for (const key of this.#booleans) {
      if (has(this.#result, key)) continue;
      put(this.#result, key, this.#collected.has(key) ? [] : false, false);
    }
    for (const key of this.#strings) {
      if (this.#collected.has(key) && !has(this.#result, key)) {
        put(this.#result, key, [], false);
      }
    }
  }
}

/** The value written directly behind a short flag, if what follows is not a group of more flags. */
function attachedValue(key: string, rest: string): string | undefined {
  if (rest === "=") return "";
  if (/[A-Za-z]/.test(key)) {
    const value = /=(.+)/.exec(rest)?.[1];
    if (value !== undefined) return value;
    if (/\d(\.\d*)?(e-?\d+)?$/.test(rest)) return rest;
  }
  return rest.length > 1 && /^\W/.test(rest) ? rest : undefined;
}

function isNumeric(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function isUnsafe(tree: Tree, key: string): boolean {
  return key === "__proto__" ||
    key === "constructor" && typeof tree[key] === "function";
}

/** Puts a value under a name whose dots lead into trees. */
function put(tree: Tree, name: string, value: unknown, isList: boolean): void {
  const path = name.split(".");
  const key = path.pop()!;
  for (const step of path) {
    if (isUnsafe(tree, step)) return;
    tree = (tree[step] ??= {}) as Tree;
  }
  if (isUnsafe(tree, key)) return;
  const old = tree[key];
  if (!isList) tree[key] = value;
  else if (Array.isArray(old)) old.push(value);
  else tree[key] = old ? [old, value] : [value];
}

function has(tree: Tree, name: string): boolean {
  let at: unknown = tree;
  for (const step of name.split(".")) {
    if (at === null || at === undefined || !Object.hasOwn(at as Tree, step)) {
      return false;
    }
    at = (at as Tree)[step];
  }
  return true;
}
